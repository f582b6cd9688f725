"""SQL about what was asked of supporters, for whoever hears what became of it."""

from collections.abc import Iterable

import msgspec

from contracts.ids import CampaignSlug, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.pledge import ChargeRequest


class RequestKey(msgspec.Struct, frozen=True, order=True):
    """What names a request for a charge."""

    campaign: CampaignSlug
    supporter_id: SupporterId
    purpose: str


async def lock_charge_requests(
    conn: Connection, keys: Iterable[RequestKey]
) -> dict[RequestKey, ChargeRequest]:
    """Return what was asked, and let no other outcome in meanwhile. Locked in one order."""
    wanted = sorted(set(keys))
    rows = await conn.fetch(
        """
        SELECT request.campaign, request.supporter_id, request.purpose, request.pledge_ids,
            request.amount_cents, request.currency, request.card
        FROM charge_requests AS request
        JOIN unnest($1::text[], $2::text[], $3::text[])
            AS wanted (campaign, supporter_id, purpose)
            USING (campaign, supporter_id, purpose)
        ORDER BY request.campaign, request.supporter_id, request.purpose
        FOR UPDATE OF request
        """,
        [each.campaign for each in wanted],
        [each.supporter_id for each in wanted],
        [each.purpose for each in wanted],
    )
    found = decode_rows(rows, ChargeRequest)
    return {RequestKey(each.campaign, each.supporter_id, each.purpose): each for each in found}
