"""The close: set-based statements in one transaction, and the rows events are cut from."""

from datetime import datetime

import msgspec

from contracts.ids import CampaignSlug, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.pledge import LATE, ChargeRequest, Pledge
from services.pledges.queries.checks import LONG_SECONDS


class Applied(msgspec.Struct, frozen=True):
    """How many completed orders the ledger has applied, and the hash of their ids."""

    count: int
    digest: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign whose end was announced and that is not closed yet."""

    campaign: CampaignSlug
    has_drained: bool
    waiting_seconds: float


class Release(msgspec.Struct, frozen=True):
    """One supporter of a campaign that was not funded."""

    campaign: CampaignSlug
    supporter_id: SupporterId


class Backlog(msgspec.Struct, frozen=True):
    """Rows of a close whose events are not cut yet."""

    charge_requests: int
    releases: int


async def list_closing(conn: Connection, *, limit: int) -> list[Closing]:
    """Return campaigns that wait to be closed, the longest waiting first."""
    rows = await conn.fetch(
        """
        SELECT campaign,
            drained_hash IS NOT NULL AS has_drained,
            coalesce(extract(epoch FROM clock_timestamp() - closing_since), 0)::float
                AS waiting_seconds
        FROM campaign_state
        JOIN closing_signals USING (campaign)
        WHERE state <> 'closed'
          AND (deadline_heard_at IS NOT NULL OR drained_hash IS NOT NULL)
        ORDER BY closing_since NULLS LAST, campaign
        LIMIT $1
        """,
        limit,
    )
    return decode_rows(rows, Closing)


async def hash_applied(conn: Connection, campaign: CampaignSlug) -> Applied:
    """Return the set of orders applied for a campaign, pledged or refused, as checkout does."""
    rows = await conn.fetch(
        """
        SELECT count(*) AS count,
            encode(
                sha256(convert_to(
                    coalesce(string_agg(order_id, E'\\n' ORDER BY order_id COLLATE "C"), ''),
                    'UTF8'
                )),
                'hex'
            ) AS digest
        FROM (
            SELECT order_id
            FROM pledges
            WHERE campaign = $1
              AND NOT is_late
            UNION
            SELECT order_id
            FROM refused_orders
            WHERE campaign = $1
        ) AS applied
        """,
        campaign,
        timeout=LONG_SECONDS,
    )
    return decode_rows(rows, Applied)[0]


async def start_closing(conn: Connection, campaign: CampaignSlug) -> None:
    """Note that a campaign takes no more changes and is being counted."""
    await conn.execute(
        """
        UPDATE campaign_state
        SET state = 'closing', closing_since = clock_timestamp()
        WHERE campaign = $1
        """,
        campaign,
    )


async def save_outcome(
    conn: Connection,
    campaign: CampaignSlug,
    *,
    pledged_cents: int,
    is_funded: bool,
    closed_at: datetime,
    is_cancelled: bool = False,
) -> None:
    """Write the final count: once."""
    await conn.execute(
        """
        UPDATE campaign_state
        SET state = 'closed', final_pledged_cents = $2, is_funded = $3, closed_at = $4,
            is_cancelled = $5
        WHERE campaign = $1
        """,
        campaign,
        pledged_cents,
        is_funded,
        closed_at,
        is_cancelled,
    )


async def insert_charge_requests(
    conn: Connection, campaign: CampaignSlug, *, purpose: str, requested_at: datetime
) -> int:
    """Ask for one charge per supporter: all their active pledges, on the newest card."""
    status = await conn.execute(
        """
        INSERT INTO charge_requests
            (campaign, supporter_id, purpose, pledge_ids, amount_cents, currency, card,
             card_saved_at, requested_at)
        SELECT campaign, supporter_id, $2,
            array_agg(pledge_id ORDER BY pledge_id),
            sum(total_cents),
            min(currency),
            (array_agg(card ORDER BY card_saved_at DESC, pledge_id DESC))[1],
            max(card_saved_at), $3
        FROM pledges
        WHERE campaign = $1
          AND status = 'active'
        GROUP BY campaign, supporter_id
        """,
        campaign,
        purpose,
        requested_at,
        timeout=LONG_SECONDS,
    )
    return int(status.split()[-1])


async def insert_late_request(conn: Connection, pledge: Pledge, *, requested_at: datetime) -> None:
    """Ask for the charge of one pledge that was made after the end, once."""
    await conn.execute(
        """
        INSERT INTO charge_requests
            (campaign, supporter_id, purpose, pledge_ids, amount_cents, currency, card,
             card_saved_at, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING
        """,
        pledge.campaign,
        pledge.supporter_id,
        f"{LATE}:{pledge.order_id}",
        [pledge.pledge_id],
        pledge.price.total_cents,
        pledge.currency,
        pledge.card,
        pledge.card_saved_at,
        requested_at,
    )


async def release_pledges(
    conn: Connection, campaign: CampaignSlug, *, released_at: datetime
) -> int:
    """Release every active pledge, each with its line; return how many supporters."""
    status = await conn.execute(
        """
        WITH released AS (
            UPDATE pledges
            SET status = 'released', revision = revision + 1, updated_at = $2
            WHERE campaign = $1
              AND status = 'active'
            RETURNING pledge_id, supporter_id, revision, tip_percent
        ), history AS (
            INSERT INTO pledge_history (
                pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
                subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
                total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
                support_item_deltas, tip_percent, recorded_at
            )
            SELECT pledge_id, revision, 'released', 'released', 'released',
                0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', tip_percent, $2
            FROM released
        )
        INSERT INTO releases (campaign, supporter_id, released_at)
        SELECT DISTINCT $1, supporter_id, $2::timestamptz
        FROM released
        """,
        campaign,
        released_at,
        timeout=LONG_SECONDS,
    )
    return int(status.split()[-1])


async def lock_charge_request(
    conn: Connection, campaign: CampaignSlug, supporter_id: SupporterId, purpose: str
) -> ChargeRequest | None:
    """Return what was asked for this supporter, and let no other outcome in meanwhile."""
    rows = await conn.fetch(
        """
        SELECT campaign, supporter_id, purpose, pledge_ids, amount_cents, currency, card
        FROM charge_requests
        WHERE campaign = $1
          AND supporter_id = $2
          AND purpose = $3
        FOR UPDATE
        """,
        campaign,
        supporter_id,
        purpose,
    )
    return next(iter(decode_rows(rows, ChargeRequest)), None)


async def take_charge_requests(
    conn: Connection, *, limit: int, now: datetime
) -> list[ChargeRequest]:
    """Mark the next requests as announced and return them."""
    rows = await conn.fetch(
        """
        UPDATE charge_requests AS request
        SET announced_at = $2
        FROM (
            SELECT campaign, supporter_id, purpose
            FROM charge_requests
            WHERE announced_at IS NULL
            ORDER BY campaign, supporter_id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) AS next
        WHERE request.campaign = next.campaign
          AND request.supporter_id = next.supporter_id
          AND request.purpose = next.purpose
        RETURNING request.campaign, request.supporter_id, request.purpose, request.pledge_ids,
            request.amount_cents, request.currency, request.card, request.card_saved_at
        """,
        limit,
        now,
    )
    return decode_rows(rows, ChargeRequest)


async def take_releases(conn: Connection, *, limit: int, now: datetime) -> list[Release]:
    """Mark the next releases as announced and return them."""
    rows = await conn.fetch(
        """
        UPDATE releases AS release
        SET announced_at = $2
        FROM (
            SELECT campaign, supporter_id
            FROM releases
            WHERE announced_at IS NULL
            ORDER BY campaign, supporter_id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) AS next
        WHERE release.campaign = next.campaign
          AND release.supporter_id = next.supporter_id
        RETURNING release.campaign, release.supporter_id
        """,
        limit,
        now,
    )
    return decode_rows(rows, Release)


async def count_backlog(conn: Connection) -> Backlog:
    """Return how many rows still wait for their event."""
    rows = await conn.fetch(
        """
        SELECT
            (SELECT count(*) FROM charge_requests WHERE announced_at IS NULL)
                AS charge_requests,
            (SELECT count(*) FROM releases WHERE announced_at IS NULL) AS releases
        """
    )
    return decode_rows(rows, Backlog)[0]


async def read_clock(conn: Connection) -> datetime:
    """Return the platform's time."""
    now: datetime = await conn.fetchval("SELECT platform.now()")
    return now
