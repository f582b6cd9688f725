"""What the screens of marketing ask of others, and go on without when there is a no."""

from collections.abc import Mapping

from contracts.api.analytics import ReferralReport
from contracts.api.notify import Broadcasted, BroadcastHistory
from contracts.refusals import InputRefused, Refusal
from services.site.admin.blast import Draft, announcement, require_said
from services.site.admin.referrals import LinkWords, read_link_words
from services.site.asking.operators import Declined
from services.site.desks.dashboard import Visit

ANNOUNCE = "/admin/broadcast/announcement"


async def find_report(visit: Visit) -> ReferralReport | None:
    """Return who came by which code; None while the ledger is away: links can be made anyway."""
    path = f"/admin/figures/{visit.slug}/referrals"
    try:
        return await visit.dash.operator.read("pledges", path, visit.caller, ReferralReport)
    except Refusal:
        return None


async def find_history(visit: Visit) -> BroadcastHistory | None:
    """Return what was said before; None while notify is away: one can write on anyway."""
    path = f"/admin/broadcasts?campaignSlug={visit.slug}"
    try:
        return await visit.dash.operator.read("notify", path, visit.caller, BroadcastHistory)
    except Refusal:
        return None


def wanted_link(given: Mapping[str, str]) -> LinkWords | InputRefused:
    """Return the link that a form describes, or what is wrong with it."""
    try:
        return read_link_words(given)
    except InputRefused as refusal:
        return refusal


async def rehearse(visit: Visit, draft: Draft) -> Broadcasted | Refusal:
    """Return to whom an announcement would go, or what is wrong with its words.

    Raises whatever else is refused.
    """
    body = {**announcement(visit.slug, draft.words, visit.language), "dryRun": True}
    try:
        require_said(draft.words)
        return await visit.dash.operator.do("notify", ANNOUNCE, visit.caller, body, Broadcasted)
    except (InputRefused, Declined) as refusal:
        if refusal.status != InputRefused.status:
            raise
        return refusal
