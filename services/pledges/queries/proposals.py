"""Proposed revisions: written before checkout is asked, committed or abandoned once."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, OrderId, PledgeId
from contracts.quoting import QuoteRevision
from services.chassis.storage.database import Connection, decode_rows

STALE_SECONDS = 120
"""How long a proposal may wait for its commit; whoever asked has long been answered."""

AbandonReason = Literal["refused", "timed_out", "closed"]


class Abandoned(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal that is over and of which checkout has to hear."""

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    revision: int
    proposal: int
    reason: AbandonReason


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made under a name, and what was asked for by it."""

    request_hash: str


async def list_linked(conn: Connection, pledge_id: PledgeId) -> dict[PledgeId, CampaignSlug]:
    """Return the pledges of the same checkout with their campaigns, itself among them."""
    rows = await conn.fetch(
        """
        SELECT linked.pledge_id, linked.campaign
        FROM pledges AS own
        JOIN pledges AS linked USING (order_id)
        WHERE own.pledge_id = $1
        ORDER BY linked.pledge_id
        """,
        pledge_id,
    )
    return {row["pledge_id"]: row["campaign"] for row in rows}


async def find_committed(
    conn: Connection, pledge_id: PledgeId, idempotency_hash: str
) -> Committed | None:
    """Return the change that was made under this name."""
    rows = await conn.fetch(
        """
        SELECT request_hash
        FROM proposals
        WHERE pledge_id = $1
          AND idempotency_hash = $2
          AND state = 'committed'
        """,
        pledge_id,
        idempotency_hash,
    )
    return next(iter(decode_rows(rows, Committed)), None)


async def list_under_way(conn: Connection, pledge_id: PledgeId, idempotency_hash: str) -> list[str]:
    """Return what is being asked for under this name at this moment: at most one request."""
    rows = await conn.fetch(
        """
        SELECT request_hash
        FROM proposals
        WHERE pledge_id = $1
          AND idempotency_hash = $2
          AND state = 'proposed'
        """,
        pledge_id,
        idempotency_hash,
    )
    return [row["request_hash"] for row in rows]


async def is_under_way(conn: Connection, pledge_id: PledgeId, idempotency_hash: str) -> bool:
    """Tell whether a change is being made under this name."""
    return bool(await list_under_way(conn, pledge_id, idempotency_hash))


async def next_number(conn: Connection, pledge_id: PledgeId, revision: int) -> int:
    """Return the number of the next try of a revision. The pledge is locked."""
    return int(
        await conn.fetchval(
            """
            SELECT coalesce(max(proposal), 0) + 1
            FROM proposals
            WHERE pledge_id = $1
              AND revision = $2
            """,
            pledge_id,
            revision,
        )
    )


async def insert_proposal(
    conn: Connection,
    question: QuoteRevision,
    *,
    idempotency_hash: str | None,
    request_hash: str,
) -> None:
    """Write a proposal down, before anybody is asked about it."""
    await conn.execute(
        """
        INSERT INTO proposals
            (pledge_id, revision, proposal, campaign, idempotency_hash, request_hash, proposed_at)
        VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
        """,
        question.pledge_id,
        question.revision,
        question.proposal,
        question.campaign,
        idempotency_hash,
        request_hash,
    )


async def mark_committed(conn: Connection, question: QuoteRevision) -> bool:
    """Commit a proposal; False when it is over, or a newer one took its place."""
    committed = await conn.fetchval(
        """
        UPDATE proposals
        SET state = 'committed'
        WHERE pledge_id = $1
          AND revision = $2
          AND proposal = $3
          AND state = 'proposed'
        RETURNING true
        """,
        question.pledge_id,
        question.revision,
        question.proposal,
    )
    return committed is not None


async def abandon(
    conn: Connection, questions: Sequence[QuoteRevision], *, reason: AbandonReason
) -> None:
    """End proposals that were not committed. Their events are cut by the worker."""
    await conn.execute(
        """
        UPDATE proposals
        SET state = 'abandoned', reason = $4
        FROM unnest($1::text[], $2::int[], $3::int[]) AS over (pledge_id, revision, proposal)
        WHERE proposals.pledge_id = over.pledge_id
          AND proposals.revision = over.revision
          AND proposals.proposal = over.proposal
          AND state = 'proposed'
        """,
        [each.pledge_id for each in questions],
        [each.revision for each in questions],
        [each.proposal for each in questions],
        reason,
    )


async def abandon_earlier(conn: Connection, pledge_ids: Sequence[PledgeId]) -> None:
    """End what is proposed for pledges that somebody is changing anew: checkout holds one try.

    Whoever proposed it is told that the pledge has changed.
    """
    await conn.execute(
        """
        UPDATE proposals
        SET state = 'abandoned', reason = 'refused'
        WHERE pledge_id = ANY($1)
          AND state = 'proposed'
        """,
        pledge_ids,
    )


async def abandon_of_campaign(conn: Connection, campaign: CampaignSlug) -> None:
    """End everything that is proposed: the campaign closes."""
    await conn.execute(
        """
        UPDATE proposals
        SET state = 'abandoned', reason = 'closed'
        WHERE campaign = $1
          AND state = 'proposed'
        """,
        campaign,
    )


async def abandon_stale(conn: Connection, *, limit: int) -> int:
    """End proposals nobody came back to; return how many."""
    status = await conn.execute(
        """
        UPDATE proposals
        SET state = 'abandoned', reason = 'timed_out'
        FROM (
            SELECT pledge_id, revision, proposal
            FROM proposals
            WHERE state = 'proposed'
              AND proposed_at < clock_timestamp() - make_interval(secs => $2)
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) AS stale
        WHERE proposals.pledge_id = stale.pledge_id
          AND proposals.revision = stale.revision
          AND proposals.proposal = stale.proposal
        """,
        limit,
        STALE_SECONDS,
    )
    return int(status.split()[-1])


async def take_abandoned(conn: Connection, *, limit: int) -> list[Abandoned]:
    """Mark the next abandoned proposals as announced and return them."""
    rows = await conn.fetch(
        """
        UPDATE proposals
        SET announced_at = clock_timestamp()
        FROM (
            SELECT proposals.pledge_id, proposals.revision, proposal, order_id
            FROM proposals
            JOIN pledges USING (pledge_id)
            WHERE proposals.state = 'abandoned'
              AND announced_at IS NULL
            ORDER BY pledge_id, proposals.revision, proposal
            LIMIT $1
            FOR UPDATE OF proposals SKIP LOCKED
        ) AS next
        WHERE proposals.pledge_id = next.pledge_id
          AND proposals.revision = next.revision
          AND proposals.proposal = next.proposal
        RETURNING proposals.pledge_id, next.order_id, proposals.campaign, proposals.revision,
            proposals.proposal, proposals.reason
        """,
        limit,
    )
    return decode_rows(rows, Abandoned)
