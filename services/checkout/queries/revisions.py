"""SQL about revisions of a pledge: proposed and held, committed or abandoned, each once."""

from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, OrderId
from contracts.quoting import QuoteRevision, RevisionQuoted
from services.chassis.storage.database import Connection

RevisionState = Literal["held", "committed", "abandoned"]


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A revision as it was asked for, and what was answered."""

    state: RevisionState
    request_hash: str | None
    answer: RevisionQuoted | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge as far as the ledger has told of it."""

    state: Literal["pending", "completed", "persisted", "refused"]
    revision: int
    is_cancelled: bool


async def find_standing(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug
) -> Standing | None:
    row = await conn.fetchrow(
        """
        SELECT state, revision, is_cancelled
        FROM order_campaigns
        WHERE order_id = $1
          AND campaign = $2
        """,
        order_id,
        campaign,
    )
    return msgspec.convert(row, Standing) if row is not None else None


async def mark_standing(
    conn: Connection,
    order_id: OrderId,
    campaign: CampaignSlug,
    *,
    revision: int,
    is_cancelled: bool = False,
) -> bool:
    """Keep the newest the ledger told of a pledge; tell whether it was news."""
    marked = await conn.fetchval(
        """
        UPDATE order_campaigns
        SET revision = $3,
            is_cancelled = $4
        WHERE order_id = $1
          AND campaign = $2
          AND revision < $3
          AND NOT is_cancelled
        RETURNING true
        """,
        order_id,
        campaign,
        revision,
        is_cancelled,
    )
    return marked is not None


async def find_proposed(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug, revision: int, proposal: int
) -> Proposed | None:
    row = await conn.fetchrow(
        """
        SELECT state, request_hash, answer
        FROM revisions
        WHERE order_id = $1
          AND campaign = $2
          AND revision = $3
          AND proposal = $4
        """,
        order_id,
        campaign,
        revision,
        proposal,
    )
    return msgspec.convert(row, Proposed) if row is not None else None


async def insert_quoted(
    conn: Connection, asked: QuoteRevision, answer: RevisionQuoted, *, request_hash: str
) -> None:
    await conn.execute(
        """
        INSERT INTO revisions
            (order_id, campaign, revision, proposal, state, request_hash, answer)
        VALUES ($1, $2, $3, $4, 'held', $5, $6)
        """,
        asked.order_id,
        asked.campaign,
        asked.revision,
        asked.proposal,
        request_hash,
        answer,
    )


async def mark_proposed(
    conn: Connection,
    order_id: OrderId,
    campaign: CampaignSlug,
    *,
    revision: int,
    proposal: int,
    state: RevisionState,
) -> None:
    """Write down what became of a proposal, be it unknown here. A committed one stays so."""
    await conn.execute(
        """
        INSERT INTO revisions (order_id, campaign, revision, proposal, state)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (order_id, campaign, revision, proposal) DO UPDATE
        SET state = excluded.state
        WHERE revisions.state <> 'committed'
        """,
        order_id,
        campaign,
        revision,
        proposal,
        state,
    )


async def abandon_earlier(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug, revision: int, proposal: int
) -> None:
    """Write down that the proposals of a revision before this one are over."""
    await conn.execute(
        """
        UPDATE revisions
        SET state = 'abandoned'
        WHERE order_id = $1
          AND campaign = $2
          AND revision = $3
          AND proposal < $4
          AND state = 'held'
        """,
        order_id,
        campaign,
        revision,
        proposal,
    )
