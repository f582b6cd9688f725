"""Announcements: written and kept, looked at, tried on oneself, sent once, watched."""

import msgspec
from litestar.response.base import ASGIResponse

from contracts.api.notify import (
    Broadcasted,
    LetterPreview,
    Progress,
    SentToOne,
)
from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused, NotFound, Refusal, StateRefused
from services.chassis.storage.database import transaction
from services.site.admin.audit import Done
from services.site.admin.blast import (
    Draft,
    announcement,
    read_revision,
    read_words,
    require_said,
)
from services.site.admin.queries import audit, blasts
from services.site.desks.dashboard import Visit, Work
from services.site.desks.framing import framing_page
from services.site.desks.marketing import ANNOUNCE, find_history, rehearse

SENT_TO_MAX = 20
LETTER_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""A mail has its styles inline. Our own screen frames it; it runs and fetches nothing."""


async def choose(visit: Visit) -> ASGIResponse:
    """Show the campaigns whose supporters can be written to."""
    return visit.page("choose", campaigns=visit.campaigns, tab="blast")


async def show_one(visit: Visit) -> ASGIResponse:
    """Show the announcement that is being written, and what was sent before.

    What was refused is shown as it was typed, on the newest working copy.
    """
    draft = await _draft(visit)
    typed = dict(visit.pairs) if visit.trouble and "body" in dict(visit.pairs) else {}
    history = await find_history(visit)
    return visit.page(
        "blast",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        draft=draft,
        fields={**draft.words.fields, **{n: typed[n] for n in draft.words.fields if n in typed}},
        is_behind=bool(typed) and typed.get("revision") != str(draft.revision),
        sent=history.broadcasts if history else None,
    )


async def save(visit: Visit) -> ASGIResponse:
    """Keep what was written; go on to look at it when that was asked for."""
    words = read_words(dict(visit.pairs))
    revision = read_revision(visit.one("revision"))
    async with transaction(visit.dash.pool) as conn:
        slug, by = CampaignSlug(visit.slug), visit.user.email
        if not await blasts.save_draft(conn, slug, words, revision=revision, by=by):
            raise StateRefused("draft_changed", "Somebody else saved in the meantime.")
    if visit.one("do") == "check":
        require_said(words)
        return visit.go(f"blast/{visit.slug}/check/")
    return visit.go(f"blast/{visit.slug}/", done="draft-saved")


async def check(visit: Visit) -> ASGIResponse:
    """Show the mail as it would arrive, to how many, and the button that sends it."""
    draft = await _draft(visit)
    rehearsed = await rehearse(visit, draft)
    if isinstance(rehearsed, Refusal):
        return await show_one(msgspec.structs.replace(visit, trouble=rehearsed))
    return framing_page(
        visit,
        "blast_check",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        draft=draft,
        rehearsed=rehearsed,
        some=rehearsed.recipients[:SENT_TO_MAX],
    )


async def show_letter(visit: Visit) -> ASGIResponse:
    """Return the mail itself, for the frame on the screen before."""
    draft = await _draft(visit)
    wanted = announcement(visit.slug, draft.words, visit.language)
    path = "/admin/broadcast/preview"
    letter = await visit.dash.operator.do("notify", path, visit.caller, wanted, LetterPreview)
    return visit.file(
        letter.html.encode(),
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": LETTER_POLICY, "x-frame-options": "SAMEORIGIN"},
    )


async def test(visit: Visit) -> ASGIResponse:
    """Send the announcement to whoever pressed the button, and to nobody else."""
    draft = await _draft(visit)
    require_said(draft.words)
    body = {
        **announcement(visit.slug, draft.words, visit.language),
        "testTo": visit.user.email,
    }
    await visit.dash.operator.do("notify", ANNOUNCE, visit.caller, body, SentToOne)
    return visit.go(f"blast/{visit.slug}/check/", done="tested")


async def send(visit: Visit) -> ASGIResponse:
    """Send what was looked at to whom was counted. Pressed twice, it goes out once.

    Notify says the same words once, whoever asks: a crash before our own note changes nothing.
    """
    draft, audience = await _draft(visit), visit.one("audience")
    if draft.was_sent_to(audience):
        return visit.go(f"blast/{visit.slug}/{draft.broadcast_id}/")
    if not audience:
        raise InputRefused(
            "invalid_input", "Look at it first.", fields={"audience": "Look at it first."}
        )
    require_said(draft.words)
    body = {
        **announcement(visit.slug, draft.words, visit.language),
        "audienceHash": audience,
    }
    told = await visit.dash.operator.do("notify", ANNOUNCE, visit.caller, body, Broadcasted)
    await _note(visit, draft, told, audience)
    return visit.go(f"blast/{visit.slug}/{told.broadcast_id}/", done="sent")


async def watch(visit: Visit) -> ASGIResponse:
    """Show how far an announcement is."""
    path = f"/admin/broadcasts/{visit.key}"
    found = await visit.dash.operator.read("notify", path, visit.caller, Progress)
    if found.campaign_slug != visit.slug:
        # The address names the campaign whose rights were checked: no other one's is shown.
        raise NotFound("unknown_broadcast", "There is nothing here.")
    return visit.page(
        "blast_sent",
        slug=visit.slug,
        title=visit.dash.titles().get(visit.slug, visit.slug),
        found=found,
    )


async def _note(visit: Visit, draft: Draft, told: Broadcasted, audience: str) -> None:
    done = Done(
        actor=visit.user.email,
        role=visit.user.role,
        action="announcement_sent",
        subject=draft.words.subject,
        campaign=visit.slug,
        details={"audience": told.audience, "broadcast": told.broadcast_id},
    )
    async with transaction(visit.dash.pool) as conn:
        is_new = await blasts.note_sent(
            conn,
            CampaignSlug(visit.slug),
            revision=draft.revision,
            audience_hash=audience,
            broadcast=told.broadcast_id or "",
        )
        if is_new:
            await audit.append(conn, done)


async def _draft(visit: Visit) -> Draft:
    async with transaction(visit.dash.pool) as conn:
        return await blasts.read_draft(conn, visit.slug)


WORKS: dict[str, Work] = {
    "blast": choose,
    "blast.one": show_one,
    "blast.save": save,
    "blast.check": check,
    "blast.letter": show_letter,
    "blast.test": test,
    "blast.send": send,
    "blast.sent": watch,
}
