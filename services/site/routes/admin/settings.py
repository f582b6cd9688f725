"""Settings: what `platform.yml` says, changed through forms or whole, as if by hand."""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from litestar.response.base import ASGIResponse

from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import transaction
from services.site.admin import settings_sheets as sheets
from services.site.admin.audit import Done
from services.site.admin.forms.filled import DEED
from services.site.admin.forms.platform_sheets import suggested
from services.site.admin.settings_fields import SECTIONS, Section, given, section_named, shown
from services.site.admin.settings_mistakes import Told, settings_told
from services.site.desks.dashboard import Visit, Work
from services.site.editing import platform_texts as platform
from services.site.editing.handlers import Unready
from services.site.editing.queries import platform_texts as queries
from services.site.editing.queries import texts
from services.site.public.style_page import style_page
from services.site.public.theme import KEYS, key_of, theme_of, unreadable
from services.site.publisher import write_platform
from services.site.publishing.branding import SHAPES
from services.site.publishing.platform_text import FILE, changed, fields_in, values_of

NEITHER_FORM_NOR_FILE = "This section has nothing to save."


async def sections(visit: Visit) -> ASGIResponse:
    """Show the first section."""
    return await _shown(visit, SECTIONS[0])


async def section(visit: Visit) -> ASGIResponse:
    """Show one section."""
    return await _shown(visit, _section(visit))


async def save(visit: Visit) -> ASGIResponse:
    """Save a section's form, or the whole file; everything is read as a hand's edit is."""
    wanted = _section(visit)
    if wanted.is_sheet and DEED.fullmatch(visit.one("do")):
        # Rows that were added or moved are on the screen alone until they are saved.
        return await _shown(visit, wanted)
    source = await _source(visit)
    text = _wanted_text(visit, wanted, source)
    details = {"file": FILE} if wanted.name == "file" else _details(source, text)
    document = await asyncio.to_thread(platform.read, text, visit.dash.content.timezone)
    done = Done(
        actor=visit.user.email,
        role=visit.user.role,
        action="settings_saved",
        subject=wanted.name,
        details=details,
    )
    async with transaction(visit.dash.pool) as conn:
        await platform.save(conn, text, document, done, base=visit.one("base"))
    await write_platform(visit.dash.pool, visit.dash.content.folder)
    await visit.dash.content.show()
    return visit.go(f"settings/{wanted.name}/", done="settings-saved")


async def settle(visit: Visit) -> ASGIResponse:
    """Note that somebody has looked at an edit that was set aside."""
    if not visit.key.isdecimal() or len(visit.key) > 18:
        raise NotFound("not_found", "There is nothing here.")
    done = Done(actor=visit.user.email, role=visit.user.role, action="settings_settled")
    async with transaction(visit.dash.pool) as conn:
        await platform.settle(conn, int(visit.key), done)
    return visit.go("settings/file/")


async def preview(visit: Visit) -> ASGIResponse:
    """Show what a design would look like that nobody has saved. Changes nothing."""
    wanted = _tokens({name.removeprefix("branding-"): text for name, text in visit.pairs})
    policy = visit.dash.policy.page(pays=False)
    return visit.page(
        "settings_preview",
        headers={
            "content-security-policy": policy.replace(
                "frame-ancestors 'none'", "frame-ancestors 'self'"
            ).replace("script-src 'self'", "script-src 'none'"),
            "x-frame-options": "SAMEORIGIN",
        },
        theme=urlencode(wanted),
        page=style_page(),
        pairs=[
            (key_of(pair.front), key_of(pair.back), pair.ratio, pair.needed)
            for pair in unreadable(wanted)
        ],
    )


async def theme(visit: Visit) -> ASGIResponse:
    """Return the style sheet of a design that nobody has saved."""
    css = theme_of(tuple(sorted(_tokens(visit.asked).items()))).css
    return visit.file(css.encode(), media_type="text/css")


def _wanted_text(visit: Visit, wanted: Section, source: str) -> str:
    """Return the text that a form asks for. Raises `Unready` for what can't be written."""
    if wanted.name == "file":
        return _text(visit)
    if wanted.fields:
        return changed(source, given(wanted, visit.pairs))
    if not wanted.is_sheet:
        raise InputRefused("invalid_input", NEITHER_FORM_NOR_FILE)
    text, mistakes = sheets.text_of(_form(visit, wanted, source), source)
    if mistakes:
        raise Unready(mistakes)
    return text


def _form(visit: Visit, wanted: Section, source: str) -> sheets.Form:
    """Return a screen of rows: as it was sent, or as the text in force fills it in."""
    form = sheets.opened(wanted.name, source, visit.language)
    if visit.row.name != "settings.save":
        return form
    sent: dict[str, list[str]] = {}
    for name, value in visit.pairs:
        sent.setdefault(name, []).append(value)
    return sheets.sent(form, sent, visit.one("do"))


async def _shown(visit: Visit, wanted: Section) -> ASGIResponse:
    newest, asides = None, []
    async with transaction(visit.dash.pool) as conn:
        newest = await queries.newest_text(conn)
        if wanted.name == "file":
            asides = await texts.open_set_asides(conn, platform.SLUG)
    source = newest.source if newest else ""
    is_sent = visit.row.name == "settings.save"
    values = shown(wanted, values_of(source))
    if is_sent:
        values |= given(wanted, visit.pairs)
    form = _form(visit, wanted, source) if wanted.is_sheet else None
    trouble = visit.trouble
    mistakes = trouble.mistakes if isinstance(trouble, Unready) else []
    told = settings_told(mistakes, wanted, form.fields if form else {}, visit.language)
    wrong = _by_path(told, wanted)
    health = await visit.dash.watch.look(visit.caller) if wanted.name in LOOKED_AT else []
    return visit.page(
        "settings",
        headers={
            "content-security-policy": visit.dash.policy.page(pays=False, frame_origins=("'self'",))
        },
        section=wanted,
        sections=SECTIONS,
        values=values,
        # A refused form keeps what it was made of: another's change is not overwritten by a retry.
        base_sha=visit.one("base") if is_sent else (newest.sha256 if newest else ""),
        source=_text(visit) if is_sent else source,
        newest=newest,
        asides=asides,
        told=told,
        wrong={path: " ".join(messages) for path, messages in wrong.items()},
        sheet=form and form.sheet,
        inputs=form.inputs(wrong, visit.language) if form else (),
        focus=form.focus if form else "",
        suggested=suggested(visit.language) if form else (),
        is_unsaved=form is not None and is_sent,
        health=health,
        own=visit.dash.content.facts,
        secrets=visit.dash.content.secrets,
    )


DETAILS_MAX = 60
LOOKED_AT = ("secrets", "diagnostics")


def _text(visit: Visit) -> str:
    """Return the file as it was sent, with the line ends that files have."""
    text = next((value for name, value in visit.pairs if name == "source"), "")
    return text.replace("\r\n", "\n")


def _section(visit: Visit) -> Section:
    found = section_named(visit.key)
    if found is None:
        raise NotFound("not_found", "There is nothing here.")
    return found


async def _source(visit: Visit) -> str:
    async with transaction(visit.dash.pool) as conn:
        newest = await queries.newest_text(conn)
    return newest.source if newest else ""


def _details(source: str, text: str) -> dict[str, str]:
    """Return by path what is another value now, for the audit log."""
    found = sheets.changes(fields_in(source), fields_in(text))
    return dict(list(found.items())[:DETAILS_MAX])


def _by_path(told: Iterable[Told], here: Section) -> dict[str, list[str]]:
    """Return what is wrong at each field of this section."""
    found: dict[str, list[str]] = {}
    for each in told:
        if each.section == here.name:
            found.setdefault(each.path, []).append(each.message)
    return found


def _tokens(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the tokens that may stand in a style sheet; anything else is left out."""
    return {
        key: text
        for key in KEYS
        if (text := wanted.get(key, "").strip()) and SHAPES[key][0].fullmatch(text)
    }


WORKS: dict[str, Work] = {
    "settings": sections,
    "settings.section": section,
    "settings.save": save,
    "settings.settle": settle,
    "settings.preview": preview,
    "settings.theme": theme,
}
