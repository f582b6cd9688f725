"""Marketing: links that tell, who came by them, codes to print, the campaign on other pages."""

import msgspec
from litestar.response.base import ASGIResponse

from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import transaction
from services.site.admin import referrals
from services.site.admin.handlers.referrals import change_code, make_code, retire_code
from services.site.admin.queries import referrals as queries
from services.site.admin.referrals import FIELDS, LinkWords, Referral
from services.site.desks.dashboard import Visit, Work
from services.site.desks.framing import framing_page
from services.site.desks.marketing import find_report, wanted_link
from services.site.public.embed import builder, read_options
from services.site.public.language import LANGUAGES, NAMES


async def choose(visit: Visit) -> ASGIResponse:
    """Show the campaigns that links can be made for."""
    return visit.page("choose", campaigns=visit.campaigns, tab="marketing")


async def show_one(visit: Visit) -> ASGIResponse:
    """Show the builder with the link it makes, and every code with who came by it."""
    asked = dict(visit.pairs) if visit.trouble else visit.asked
    words: LinkWords | None = None
    if any(asked.get(name) for name in FIELDS) and visit.trouble is None:
        wanted = wanted_link(asked)
        if isinstance(wanted, InputRefused):
            visit = msgspec.structs.replace(visit, trouble=wanted)
        else:
            words = wanted
    async with transaction(visit.dash.pool) as conn:
        kept = await queries.list_referrals(conn, visit.slug)
    known = {each.code for each in kept}
    report = await find_report(visit)
    return visit.page(
        "marketing",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        typed={name: asked.get(name, "") for name in (*FIELDS, "language")},
        languages=[(each, NAMES[each]) for each in LANGUAGES],
        words=words,
        link=_link(visit, _free(words, known), words) if words else "",
        code=_free(words, known) if words else "",
        kept=[(each, _link(visit, each.code, each.words)) for each in kept],
        report=report,
        by_code={row.key: row for row in report.rows} if report else {},
        strangers=[row for row in report.rows if row.key not in known] if report else [],
    )


async def make(visit: Visit) -> ASGIResponse:
    """Keep a link under a code of its own."""
    words = referrals.read_link_words(dict(visit.pairs))
    async with transaction(visit.dash.pool) as conn:
        code = await make_code(conn, visit.slug, words, visit.user)
    return visit.go(f"marketing/{visit.slug}/{code}/", done="code-made")


async def show_code(visit: Visit) -> ASGIResponse:
    """Show one code: its link, its drawing, who came by it, and what can be changed."""
    found, report = await _code(visit), await find_report(visit)
    typed = dict(visit.pairs) if visit.trouble and visit.pairs else found.words.fields
    link = _link(visit, found.code, found.words)
    return visit.page(
        "marketing_code",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        found=found,
        link=link,
        drawing=referrals.drawn_inline(link),
        typed={name: typed.get(name, "") for name in (*FIELDS, "language")},
        languages=[(each, NAMES[each]) for each in LANGUAGES],
        report=report,
        row=next((row for row in report.rows if row.key == found.code), None) if report else None,
    )


async def change(visit: Visit) -> ASGIResponse:
    """Change what a code's link says; the code stays what it is."""
    words = referrals.read_link_words(dict(visit.pairs))
    async with transaction(visit.dash.pool) as conn:
        await change_code(conn, visit.slug, visit.key, words, visit.user)
    return visit.go(f"marketing/{visit.slug}/{visit.key}/", done="code-changed")


async def retire(visit: Visit) -> ASGIResponse:
    """Retire a code, or take it back into use."""
    is_retired = visit.one("do") != "restore"
    async with transaction(visit.dash.pool) as conn:
        await retire_code(conn, visit.slug, visit.key, visit.user, is_retired=is_retired)
    done = "code-retired" if is_retired else "code-restored"
    return visit.go(f"marketing/{visit.slug}/{visit.key}/", done=done)


async def draw(visit: Visit) -> ASGIResponse:
    """Return a code's link as a drawing to print."""
    found = await _code(visit)
    kind: referrals.Drawing = "png" if visit.asked.get("type") == "png" else "svg"
    name = f'attachment; filename="{visit.slug}-{found.code}.{kind}"'
    return visit.file(
        referrals.drawn(_link(visit, found.code, found.words), kind),
        media_type="image/png" if kind == "png" else "image/svg+xml",
        headers={"content-disposition": name},
    )


async def show_embed(visit: Visit) -> ASGIResponse:
    """Show the campaign's window for other pages, and what is pasted for it."""
    titles = visit.dash.titles()
    made = builder(
        ((visit.slug, titles.get(visit.slug, visit.slug)),),
        visit.slug,
        read_options(visit.asked),
        site_base=visit.dash.frame().site_base,
        language=visit.language,
    )
    return framing_page(visit, "marketing_embed", slug=visit.slug, page=made)


async def _code(visit: Visit) -> Referral:
    async with transaction(visit.dash.pool) as conn:
        found = await queries.find_referral(conn, visit.slug, visit.key)
    if found is None:
        raise NotFound("unknown_code", "There is no such code.")
    return found


def _link(visit: Visit, code: str, words: LinkWords) -> str:
    return referrals.link_of(visit.dash.frame().site_base, visit.slug, code, words)


def _free(words: LinkWords | None, known: set[str]) -> str:
    """Return the code that a link would get now."""
    number = 1
    while words and referrals.code_of(words.referrer, number) in known:
        number += 1
    return referrals.code_of(words.referrer, number) if words else ""


WORKS: dict[str, Work] = {
    "marketing": choose,
    "marketing.one": show_one,
    "marketing.make": make,
    "marketing.embed": show_embed,
    "marketing.code": show_code,
    "marketing.change": change,
    "marketing.retire": retire,
    "marketing.qr": draw,
}
