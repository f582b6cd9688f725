"""The editors of a campaign's text: one form for every screen, saved by a press or by itself."""

from collections.abc import Mapping

import msgspec
from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound, Refusal
from services.site.admin.forms.comparing import compared
from services.site.admin.forms.drawn import drawn
from services.site.admin.forms.fields import Sheet, html_id, root_of
from services.site.admin.forms.filled import DEED, done, filled, place
from services.site.admin.forms.mistakes import by_path, told
from services.site.admin.forms.sheets import FROZEN, sheet_named, sheets, with_options
from services.site.admin.words import trouble_of
from services.site.desks.dashboard import Visit, Work
from services.site.desks.texts import Read, tried
from services.site.publishing.markdown import to_html
from services.site.publishing.plain import Fields, rows, text
from services.site.publishing.texts import Mark, Overtaken
from services.site.routes.admin.campaigns import by, mark_of

SHOWN_MAX = 50_000


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What the editor's script is told after it saved by itself."""

    revision: int
    base: int
    mistakes: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not saved."""

    message: str


async def edit(visit: Visit) -> ASGIResponse:
    """Show a screen of the editor; with both texts, when another one was faster."""
    desk, sheet = visit.dash.texts, _sheet(visit)
    stands = await desk.standing(visit.slug)
    overtaken = visit.trouble if isinstance(visit.trouble, Overtaken) else None
    source = overtaken.mine if overtaken else stands.source
    read = await desk.read(source, stands.file)
    mistakes = told(read.mistakes, visit.language)
    return visit.page(
        "campaign_edit",
        slug=visit.slug,
        title=text(read.fields, "title") or visit.slug,
        sheets=sheets(visit.language),
        sheet=sheet,
        stands=stands,
        mark=stands.mark,
        inputs=drawn(
            _with_tiers(sheet, read.fields), read.fields, by_path(mistakes), frozen=_frozen(visit)
        ),
        mistakes=mistakes,
        here=[each for each in mistakes if each.sheet == sheet.name],
        overtaken=overtaken,
        compared=compared(overtaken.theirs, overtaken.mine) if overtaken else None,
    )


async def save(visit: Visit) -> ASGIResponse:
    """Keep what the form says, with a row added, moved or taken away if a button said so."""
    sheet, deed = _sheet(visit), visit.one("do")
    _, read = await _save(visit, sheet, deed, is_noted=True)
    path = f"campaigns/{visit.slug}/edit/{sheet.name}/"
    if deed == "look":
        return visit.go(f"campaigns/{visit.slug}/")
    if not DEED.fullmatch(deed):
        return visit.go(path, done="saved")
    return visit.go(path, at=html_id(place(read.fields, deed)))


async def autosave(visit: Visit) -> ASGIResponse:
    """Keep what the form says, for the editor's script. What is refused stays in the form."""
    found = await tried(_save(visit, _sheet(visit), "", is_noted=False))
    if isinstance(found, Refusal):
        words = trouble_of(found, visit.language).message
        return _json(visit, Refused(message=words), status=found.status)
    mark, read = found
    told_of = Saved(revision=mark.revision, base=mark.base_text, mistakes=len(read.mistakes))
    return _json(visit, told_of)


async def show(visit: Visit) -> ASGIResponse:
    """Return a text as a page would show it: a piece of HTML that was made safe."""
    written = visit.one("text")[:SHOWN_MAX]
    return visit.file(str(to_html(written)).encode(), media_type="text/html")


async def _save(visit: Visit, sheet: Sheet, deed: str, *, is_noted: bool) -> tuple[Mark, Read]:
    desk, mark = visit.dash.texts, mark_of(visit)
    stands = await desk.standing(visit.slug)
    before = await desk.read(stands.source, stands.file)
    wanted = filled(sheet, before.fields, _given(visit))
    if DEED.fullmatch(deed):
        wanted = done(sheet, wanted, deed)
    source = await desk.rewritten(stands.source, wanted)
    noted = by(visit, "draft_saved", visit.slug, screen=sheet.name)
    kept = await desk.save(visit.slug, mark, source, noted, is_noted=is_noted)
    return kept, await desk.read(source, stands.file)


def _given(visit: Visit) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    frozen = _frozen(visit)
    for name, value in visit.pairs:
        if root_of(name) not in frozen:
            found.setdefault(name, []).append(value)
    return found


def _frozen(visit: Visit) -> tuple[str, ...]:
    """Return what may not change any more: what supporters of a started campaign pledged to."""
    found = [each.campaign for each in visit.campaigns if each.campaign.slug == visit.slug]
    return FROZEN if any(each.effective_state != "upcoming" for each in found) else ()


def _with_tiers(sheet: Sheet, fields: Fields) -> Sheet:
    """Return the screen with the campaign's own tiers to choose the featured one from."""
    tiers = [row for row in rows(fields, "tiers") if isinstance(row, dict) and row.get("id")]
    options = tuple((text(row, "id"), text(row, "name") or text(row, "id")) for row in tiers)
    return with_options(sheet, "featured_tier_id", (("", "–"), *options))


def _sheet(visit: Visit) -> Sheet:
    found = sheet_named(visit.key, visit.language)
    if found is None:
        raise NotFound("not_found", "There is nothing here.")
    return found


def _json(visit: Visit, answer: msgspec.Struct, *, status: int = 200) -> ASGIResponse:
    body = msgspec.json.encode(answer)
    return visit.file(body, media_type="application/json", status=status)


WORKS: dict[str, Work] = {
    "campaigns.edit": edit,
    "campaigns.save": save,
    "campaigns.autosave": autosave,
    "campaigns.show": show,
}
