"""Campaigns: all there are, one as it stands, published, put away, and taken back."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec
from litestar.response.base import ASGIResponse

from contracts.ids import CampaignSlug, is_slug
from contracts.refusals import InputRefused, NotFound
from services.site.admin.access import is_secret
from services.site.admin.audit import Done
from services.site.admin.forms.comparing import compared
from services.site.admin.forms.mistakes import told
from services.site.admin.forms.sheets import sheets
from services.site.admin.handlers.sign_in import new_secret
from services.site.admin.reviewers import FIELD, Asked, read_addresses
from services.site.desks.dashboard import Visit, Work
from services.site.editing.handlers import Unready
from services.site.editing.queries.texts import Line
from services.site.publishing.diary_fields import id_of_title
from services.site.publishing.plain import fields_of, text
from services.site.publishing.texts import MESSAGE_MAX, Mark, Overtaken, new_source

NUMBER_DIGITS_MAX = 15
TITLE_MAX = 160
# A campaign begins with dates that are in order; its author moves them.
BEGINS_AFTER, RUNS_FOR = timedelta(days=30), timedelta(days=30)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in the list."""

    line: Line
    title: str


async def show_all(visit: Visit) -> ASGIResponse:
    """Show every campaign that is this user's, published or not."""
    standing = {each.campaign.slug: each for each in visit.campaigns}
    lines = [each for each in await visit.dash.texts.lines() if visit.user.has(each.slug)]
    titles = visit.dash.titles()
    return visit.page(
        "campaigns",
        lines=sorted(
            (_listed(each, titles) for each in lines), key=lambda each: each.title.lower()
        ),
        standing=standing,
        given={name: visit.one(name) for name in ("title", "slug")},
    )


async def create(visit: Visit) -> ASGIResponse:
    """Begin a campaign: hidden from everybody until it is published."""
    title = visit.one("title")
    if not title or len(title) > TITLE_MAX:
        raise _wrong("title", "Write a title of at most 160 characters.")
    slug = visit.one("slug") or id_of_title(title)
    if not is_slug(slug):
        raise _wrong("slug", "Use a–z, 0–9 and single dashes, at most 100 characters.")
    begins = visit.dash.now().date() + BEGINS_AFTER
    source = new_source(CampaignSlug(slug), title, starts=begins, ends=begins + RUNS_FOR)
    await visit.dash.texts.create(CampaignSlug(slug), source, by(visit, "campaign_created", slug))
    return visit.go(f"campaigns/{slug}/edit/settings/", done="created")


async def show_one(visit: Visit, link: str = "", mailed: int = 0) -> ASGIResponse:
    """Show how a campaign's text stands: what is public, what is not yet, and what was before."""
    desk = visit.dash.texts
    stands = await desk.standing(visit.slug)
    read = await desk.read(stands.source, stands.file)
    trouble = visit.trouble
    unready = trouble.mistakes if isinstance(trouble, Unready) else []
    overtaken = trouble if isinstance(trouble, Overtaken) else None
    return visit.page(
        "campaign",
        slug=visit.slug,
        title=text(read.fields, "title") or visit.slug,
        stands=stands,
        sheets=sheets(visit.language),
        mistakes=told(unready or read.mistakes, visit.language),
        is_refused=bool(unready),
        overtaken=overtaken,
        compared=_compared(overtaken),
        texts=await desk.history(visit.slug),
        asides=await desk.set_asides(visit.slug),
        mirror=await desk.mirror(),
        is_public=_is_shown(visit),
        link=link,
        mailed=mailed,
        reviewers=await desk.reviewers(visit.slug),
        given=visit.one(FIELD) if trouble else "",
        # What is shown again is the same press: whether its answer was lost, nobody knows here.
        ask=(trouble and _ask(visit)) or new_secret(),
    )


async def preview(visit: Visit) -> ASGIResponse:
    """Show a link to look at the working copy, this once, and mail reviewers one of their own.

    Only digests of links are kept. The same press again makes a link, and mails nobody.
    """
    addresses = read_addresses(visit.one(FIELD))
    asked = Asked(addresses=addresses, language=visit.language, ask=_ask(visit))
    done = by(visit, "preview_shared", visit.slug)
    shared = await visit.dash.texts.preview(visit.slug, done, asked)
    link = f"/campaigns/{visit.slug}/preview/?t={shared.secret}"
    return await show_one(visit, link, shared.mailed)


async def take_back(visit: Visit) -> ASGIResponse:
    """End the link of a reviewer."""
    done = by(visit, "preview_taken_back", visit.slug)
    await visit.dash.texts.take_back(visit.slug, _number(visit.key), done)
    return visit.go(f"campaigns/{visit.slug}/", done="taken-back")


async def publish(visit: Visit) -> ASGIResponse:
    """Make the working copy public, for everybody and at once."""
    message = visit.one("message")[:MESSAGE_MAX]
    done = by(visit, "campaign_published", visit.slug, message=message)
    await visit.dash.texts.publish(visit.slug, mark_of(visit), done, message)
    return visit.go(f"campaigns/{visit.slug}/", done="published")


async def give_up(visit: Visit) -> ASGIResponse:
    """Go back to what is public."""
    done = by(visit, "draft_given_up", visit.slug)
    await visit.dash.texts.give_up(visit.slug, mark_of(visit), done)
    return visit.go(f"campaigns/{visit.slug}/", done="given-up")


async def keep(visit: Visit) -> ASGIResponse:
    """Have the working copy replace what became public since it was begun."""
    done = by(visit, "draft_kept", visit.slug)
    await visit.dash.texts.keep_on_top(visit.slug, mark_of(visit), done)
    return visit.go(f"campaigns/{visit.slug}/", done="kept")


async def archive(visit: Visit) -> ASGIResponse:
    """Take a campaign that is not live from every public page."""
    if _is_live(visit):
        raise InputRefused("campaign_live", "A live campaign can’t be archived.")
    done = by(visit, "campaign_archived", visit.slug)
    await visit.dash.texts.archive(visit.slug, mark_of(visit), done)
    return visit.go(f"campaigns/{visit.slug}/", done="archived")


async def show_text(visit: Visit) -> ASGIResponse:
    """Show a text of before, and what it changed."""
    desk, number = visit.dash.texts, _number(visit.key)
    texts = await desk.history(visit.slug)
    at = next((at for at, each in enumerate(texts) if each.text_id == number), None)
    if at is None:
        raise NotFound("unknown_text", "There is no such version.")
    before = texts[at + 1] if at + 1 < len(texts) else None
    stands = await desk.standing(visit.slug)
    trouble = visit.trouble
    unready = trouble.mistakes if isinstance(trouble, Unready) else []
    return visit.page(
        "campaign_text",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        found=texts[at],
        before=before,
        stands=stands,
        compared=compared(before.source if before else "", texts[at].source),
        mistakes=told(unready, visit.language),
        is_newest=at == 0,
    )


async def restore(visit: Visit) -> ASGIResponse:
    """Publish a text of before again, as a new version."""
    number = _number(visit.key)
    done = by(visit, "campaign_restored", visit.slug, text=number)
    await visit.dash.texts.restore(visit.slug, number, mark_of(visit), done)
    return visit.go(f"campaigns/{visit.slug}/", done="restored")


async def show_aside(visit: Visit) -> ASGIResponse:
    """Show a text that lost beside the one that is public."""
    number = _number(visit.key)
    asides = await visit.dash.texts.set_asides(visit.slug)
    found = next((each for each in asides if each.set_aside_id == number), None)
    if found is None:
        raise NotFound("unknown_text", "There is no such version.")
    stands = await visit.dash.texts.standing(visit.slug)
    return visit.page(
        "campaign_aside",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        found=found,
        compared=compared(stands.public.source if stands.public else "", found.source),
    )


async def settle(visit: Visit) -> ASGIResponse:
    """Note that what was set aside needs nobody's attention any more."""
    number = _number(visit.key)
    done = by(visit, "set_aside_settled", visit.slug, number=number)
    await visit.dash.texts.settle(visit.slug, number, done)
    return visit.go(f"campaigns/{visit.slug}/", done="settled")


def by(visit: Visit, action: str, slug: str, **details: object) -> Done:
    """Return what is written down of this."""
    user = visit.user
    return Done(
        actor=user.email, role=user.role, action=action, campaign=slug, details=dict(details)
    )


def mark_of(visit: Visit) -> Mark:
    """Return what the form was made of."""
    return Mark(_number(visit.one("revision")), _number(visit.one("base")))


def _number(written: str) -> int:
    if not written.isascii() or not written.isdecimal() or len(written) > NUMBER_DIGITS_MAX:
        raise NotFound("unknown_text", "There is no such version.")
    return int(written)


def _ask(visit: Visit) -> str:
    ask = visit.one("ask")
    return ask if is_secret(ask) else ""


def _listed(line: Line, titles: Mapping[str, str]) -> Listed:
    title = text(fields_of(line.source), "title") if line.is_open else titles.get(line.slug, "")
    return Listed(line=line, title=title or line.slug)


def _compared(overtaken: Overtaken | None) -> object:
    return compared(overtaken.theirs, overtaken.mine) if overtaken else None


def _is_live(visit: Visit) -> bool:
    found = [each for each in visit.campaigns if each.campaign.slug == visit.slug]
    return any(
        each.campaign.effective_state in ("live", "closing") and not each.campaign.cancelled
        for each in found
    ) and _is_shown(visit)


def _is_shown(visit: Visit) -> bool:
    return visit.dash.is_public(visit.slug)


def _wrong(field: str, message: str) -> InputRefused:
    return InputRefused("invalid_input", message, fields={field: message})


WORKS: dict[str, Work] = {
    "campaigns": show_all,
    "campaigns.create": create,
    "campaigns.one": show_one,
    "campaigns.publish": publish,
    "campaigns.preview": preview,
    "campaigns.take_back": take_back,
    "campaigns.give_up": give_up,
    "campaigns.keep": keep,
    "campaigns.archive": archive,
    "campaigns.text": show_text,
    "campaigns.restore": restore,
    "campaigns.aside": show_aside,
    "campaigns.settle": settle,
}
