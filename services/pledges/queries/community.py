"""Votes, credits, and who may see them."""

from collections.abc import Sequence

import msgspec

from contracts.api.pledges import Credit
from contracts.ids import CampaignSlug, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.community import Deciding, Member

# Whoever has withdrawn everything counts no more.
STANDS = """
    EXISTS (
        SELECT 1
        FROM pledges
        WHERE pledges.campaign = said.campaign
          AND pledges.supporter_id = said.supporter_id
          AND pledges.status <> 'cancelled'
    )
"""

CHARGED = """
    EXISTS (
        SELECT 1
        FROM pledges
        WHERE pledges.campaign = said.campaign
          AND pledges.supporter_id = said.supporter_id
          AND pledges.status = 'charged'
    )
"""


class Counted(msgspec.Struct, frozen=True):
    """How many chose an option."""

    decision_id: str
    option: str
    votes: int


class Credited(msgspec.Struct, frozen=True, kw_only=True):
    """A supporter who wants to be named, and the rewards they chose."""

    credited_as: str
    is_on_wall: bool
    is_paid: bool
    item_names: tuple[str, ...]


async def read_decisions(
    conn: Connection, campaign: CampaignSlug, supporter: SupporterId
) -> Deciding:
    """Return what a campaign lets a supporter decide, and the platform's time."""
    rows = await conn.fetch(
        """
        SELECT title, coalesce(definition -> 'decisions', '[]') AS decisions,
            platform.now() AS now,
            EXISTS (
                SELECT 1
                FROM pledges
                WHERE pledges.campaign = campaigns.campaign
                  AND pledges.supporter_id = $2
                  AND pledges.status = 'charged'
            ) AS is_charged
        FROM campaigns
        WHERE campaign = $1
        """,
        campaign,
        supporter,
    )
    return decode_rows(rows, Deciding)[0]


async def count_votes(
    conn: Connection,
    campaign: CampaignSlug,
    decisions: Sequence[str],
    *,
    of_the_charged: Sequence[str],
) -> list[Counted]:
    """Return how many supporters chose what; where only the charged decide, only theirs."""
    rows = await conn.fetch(
        f"""
        SELECT decision_id, option, count(*) AS votes
        FROM votes AS said
        WHERE campaign = $1
          AND decision_id = ANY($2)
          AND {STANDS}
          AND (decision_id <> ALL($3) OR {CHARGED})
        GROUP BY decision_id, option
        """,  # noqa: S608
        campaign,
        decisions,
        of_the_charged,
    )
    return decode_rows(rows, Counted)


async def list_choices(
    conn: Connection, campaign: CampaignSlug, supporter: SupporterId
) -> dict[str, str]:
    """Return what a supporter chose, by decision."""
    rows = await conn.fetch(
        "SELECT decision_id, option FROM votes WHERE campaign = $1 AND supporter_id = $2",
        campaign,
        supporter,
    )
    return {row["decision_id"]: row["option"] for row in rows}


async def save_vote(conn: Connection, member: Member, decision_id: str, option: str) -> None:
    """Write a supporter's choice; it replaces their earlier one."""
    await conn.execute(
        """
        INSERT INTO votes (campaign, decision_id, supporter_id, option, voted_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT one_vote_each DO UPDATE
        SET option = excluded.option,
            voted_at = excluded.voted_at
        """,
        member.campaign,
        decision_id,
        member.supporter_id,
        option,
        member.now,
    )


async def save_credit(conn: Connection, member: Member, credit: Credit) -> None:
    """Write how a supporter wants to be named."""
    await conn.execute(
        """
        INSERT INTO credits (campaign, supporter_id, credited_as, is_on_wall, said_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (campaign, supporter_id) DO UPDATE
        SET credited_as = excluded.credited_as,
            is_on_wall = excluded.is_on_wall,
            said_at = excluded.said_at
        """,
        member.campaign,
        member.supporter_id,
        credit.credited_as,
        credit.on_wall,
        member.now,
    )


async def read_credit(conn: Connection, campaign: CampaignSlug, supporter: SupporterId) -> Credit:
    """Return how a supporter wants to be named; not at all until they say so."""
    row = await conn.fetchrow(
        "SELECT credited_as, is_on_wall FROM credits WHERE campaign = $1 AND supporter_id = $2",
        campaign,
        supporter,
    )
    return Credit(credited_as=row["credited_as"], on_wall=row["is_on_wall"]) if row else Credit()


async def list_wall(conn: Connection, campaign: CampaignSlug, *, limit: int) -> list[str]:
    """Return the names of those who want to be seen, in the order they said so."""
    rows = await conn.fetch(
        f"""
        SELECT credited_as
        FROM credits AS said
        WHERE campaign = $1
          AND is_on_wall
          AND {STANDS}
        ORDER BY said_at, supporter_id
        LIMIT $2
        """,  # noqa: S608
        campaign,
        limit,
    )
    return [row["credited_as"] for row in rows]


async def count_supporters(conn: Connection, campaign: CampaignSlug) -> int:
    """Return how many people have a pledge that stands, late support with it."""
    found: int = await conn.fetchval(
        """
        SELECT count(DISTINCT supporter_id)
        FROM pledges
        WHERE campaign = $1
          AND status <> 'cancelled'
        """,
        campaign,
    )
    return found


async def list_credited(conn: Connection, campaign: CampaignSlug) -> list[Credited]:
    """Return everybody who wants to be named, by name."""
    rows = await conn.fetch(
        f"""
        SELECT credited_as, is_on_wall,
            EXISTS (
                SELECT 1
                FROM pledges
                WHERE pledges.campaign = said.campaign
                  AND pledges.supporter_id = said.supporter_id
                  AND status = 'charged'
            ) AS is_paid,
            (
                SELECT coalesce(array_agg(DISTINCT label), '{{}}')
                FROM pledges
                JOIN pledge_lines USING (pledge_id)
                WHERE pledges.campaign = said.campaign
                  AND pledges.supporter_id = said.supporter_id
                  AND status <> 'cancelled'
                  AND kind = 'tier'
            ) AS item_names
        FROM credits AS said
        WHERE campaign = $1
          AND credited_as <> ''
          AND {STANDS}
        ORDER BY lower(credited_as), credited_as, supporter_id
        """,  # noqa: S608
        campaign,
    )
    return decode_rows(rows, Credited)
