"""Pledges and their history: written together, by one statement, or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.pledge import Change, Entry, Pledge, RefusedOrder

# The parts of a price that are told with it and never added up.
PRICE_DETAILS = ("tax_details", "tax_state", "shipments", "shipping_option", "shipping_state")


class Person(msgspec.Struct, frozen=True):
    """A supporter under the one spelling of their address."""

    supporter_id: SupporterId
    email: str


async def insert_supporters(
    conn: Connection, people: Sequence[Person], known_since: datetime
) -> None:
    """Remember people we did not know.

    Whichever of their two unique names another transaction was faster with: with only one
    of them to go by, Postgres raises the other's violation (seen, with two orders at once).
    """
    await conn.execute(
        """
        INSERT INTO supporters (supporter_id, email, known_since)
        SELECT supporter_id, email, $2
        FROM jsonb_populate_recordset(NULL::supporters, $1)
        ORDER BY supporter_id
        ON CONFLICT DO NOTHING
        """,
        people,
        known_since,
    )


async def insert_pledges(conn: Connection, created: Sequence[Change]) -> set[PledgeId]:
    """Write pledges, lines, first history line; return those new by id, order and campaign."""
    rows = await conn.fetch(
        """
        WITH fresh AS (
            INSERT INTO pledges (
                pledge_id, order_id, campaign, supporter_id, email, language, definition_version,
                status, revision, goal_cents, subtotal_cents, shipping_cents, tax_cents,
                tip_percent, tip_cents, total_cents, tax_provider, tax_rate, shipping_source, why,
                price_details, currency, card, card_saved_at, shipping_address, consent,
                attribution, created_at, updated_at, is_late
            )
            SELECT pledge_id, order_id, campaign, supporter_id, email, language, definition_version,
                status, revision, goal_cents, subtotal_cents, shipping_cents, tax_cents,
                tip_percent, tip_cents, total_cents, tax_provider, tax_rate, shipping_source, why,
                price_details, currency, card, card_saved_at, shipping_address, consent,
                attribution, created_at, updated_at, is_late
            FROM jsonb_populate_recordset(NULL::pledges, $1)
            ON CONFLICT DO NOTHING
            RETURNING pledge_id
        ), lines AS (
            INSERT INTO pledge_lines (
                pledge_id, line_no, kind, item_id, variant_id, label, quantity, unit_cents,
                total_cents, counts_toward_goal, is_physical, answers
            )
            SELECT pledge_id, line_no, kind, item_id, variant_id, label, quantity, unit_cents,
                total_cents, counts_toward_goal, is_physical, answers
            FROM jsonb_populate_recordset(NULL::pledge_lines, $2)
            JOIN fresh USING (pledge_id)
        ), history AS (
            INSERT INTO pledge_history (
                pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
                subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
                total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
                support_item_deltas, tip_percent, lines, card, recorded_at
            )
            SELECT pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
                subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
                total_delta_cents, collected_delta_cents, recovering_delta_cents, tier_deltas,
                support_item_deltas, tip_percent, lines, card, recorded_at
            FROM jsonb_populate_recordset(NULL::pledge_history, $3)
            JOIN fresh USING (pledge_id)
        )
        SELECT pledge_id FROM fresh
        """,
        [_pledge_row(each.pledge) for each in created],
        [row for each in created for row in line_rows(each.pledge)],
        [_history_row(each.entry) for each in created],
    )
    return {row["pledge_id"] for row in rows}


async def save_changes(conn: Connection, changes: Sequence[Change]) -> None:
    """Write each pledge's new state together with the history line that tells of it."""
    await conn.execute(
        """
        WITH changed AS (
            UPDATE pledges
            SET (status, revision, updated_at) = (new.status, new.revision, new.updated_at),
                cancelled_at = new.cancelled_at,
                charged_at = new.charged_at,
                recovery = new.recovery,
                lost_at = new.lost_at,
                returned_cents = new.returned_cents,
                charge_id = new.charge_id,
                payment_intent_id = new.payment_intent_id,
                (card, card_saved_at) = (new.card, new.card_saved_at),
                definition_version = new.definition_version,
                goal_cents = new.goal_cents,
                (subtotal_cents, shipping_cents, tax_cents) =
                    (new.subtotal_cents, new.shipping_cents, new.tax_cents),
                (tip_percent, tip_cents, total_cents) =
                    (new.tip_percent, new.tip_cents, new.total_cents),
                tax_provider = new.tax_provider,
                tax_rate = new.tax_rate,
                shipping_source = new.shipping_source,
                why = new.why,
                price_details = new.price_details,
                (email, attribution) = (new.email, new.attribution),
                shipping_address = new.shipping_address
            FROM jsonb_populate_recordset(NULL::pledges, $1) AS new
            WHERE pledges.pledge_id = new.pledge_id
        )
        INSERT INTO pledge_history (
            pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
            subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
            total_delta_cents, collected_delta_cents, recovering_delta_cents,
            lost_delta_cents, returned_delta_cents, moved_cents, tier_deltas,
            support_item_deltas, tip_percent, lines, charge_id, payment_intent_id,
            charged_cents, decline_code, card, recorded_at
        )
        SELECT pledge_id, version, entry_type, status, cause, count_delta, goal_delta_cents,
            subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
            total_delta_cents, collected_delta_cents, recovering_delta_cents,
            lost_delta_cents, returned_delta_cents, moved_cents, tier_deltas,
            support_item_deltas, tip_percent, lines, charge_id, payment_intent_id,
            charged_cents, decline_code, card, recorded_at
        FROM jsonb_populate_recordset(NULL::pledge_history, $2)
        """,
        [_pledge_row(each.pledge) for each in changes],
        [_history_row(each.entry) for each in changes],
    )


async def insert_refused(conn: Connection, refused: Sequence[RefusedOrder]) -> set[PledgeId]:
    """Record refused orders; return those that are new and are no pledge already.

    A copy of an order that became a pledge in time may arrive after the close.
    """
    rows = await conn.fetch(
        """
        INSERT INTO refused_orders
            (order_id, campaign, pledge_id, email, reason, completed_at, refused_at)
        SELECT order_id, campaign, pledge_id, email, reason, completed_at, refused_at
        FROM jsonb_populate_recordset(NULL::refused_orders, $1) AS refused
        WHERE NOT EXISTS (
            SELECT 1
            FROM pledges
            WHERE pledges.order_id = refused.order_id
              AND pledges.campaign = refused.campaign
        )
        ON CONFLICT (order_id, campaign) DO NOTHING
        RETURNING pledge_id
        """,
        refused,
    )
    return {row["pledge_id"] for row in rows}


async def lock_pledges(conn: Connection, pledge_ids: Sequence[PledgeId]) -> datetime | None:
    """Lock pledges in one order everywhere; return the time at which the locks were had."""
    now: datetime | None = await conn.fetchval(
        """
        SELECT platform.now()
        FROM (
            SELECT pledge_id
            FROM pledges
            WHERE pledge_id = ANY($1)
            ORDER BY pledge_id
            FOR UPDATE
        ) AS held
        """,
        pledge_ids,
    )
    return now


async def list_pledges(conn: Connection, pledge_ids: Sequence[PledgeId]) -> list[Pledge]:
    """Return pledges by id, as they stand."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, order_id, campaign, supporter_id, email, language,
            definition_version, status, revision, lines, price, currency, card, card_saved_at,
            created_at, updated_at, shipping_address, consent, attribution, cancelled_at,
            charged_at, charge_id, payment_intent_id, is_late, recovery, lost_at,
            returned_cents, link_generation
        FROM whole_pledges
        WHERE pledge_id = ANY($1)
        ORDER BY created_at, pledge_id
        """,
        pledge_ids,
    )
    return decode_rows(rows, Pledge)


async def list_pledges_of(
    conn: Connection, campaign: CampaignSlug, supporters: Sequence[SupporterId]
) -> list[Pledge]:
    """Return every pledge of some supporters to one campaign."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, order_id, campaign, supporter_id, email, language,
            definition_version, status, revision, lines, price, currency, card, card_saved_at,
            created_at, updated_at, shipping_address, consent, attribution, cancelled_at,
            charged_at, charge_id, payment_intent_id, is_late, recovery, lost_at,
            returned_cents, link_generation
        FROM whole_pledges
        WHERE campaign = $1
          AND supporter_id = ANY($2)
        ORDER BY created_at, pledge_id
        """,
        campaign,
        supporters,
    )
    return decode_rows(rows, Pledge)


async def is_refused(conn: Connection, pledge_id: PledgeId) -> bool:
    """Tell whether an order was refused, so that there is no such pledge."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT 1 FROM refused_orders WHERE pledge_id = $1)", pledge_id
        )
    )


async def has_line(conn: Connection, pledge_ids: Sequence[PledgeId], cause: str) -> bool:
    """Tell whether this cause is in the history of one of these pledges already."""
    return bool(
        await conn.fetchval(
            """
            SELECT EXISTS (
                SELECT 1
                FROM pledge_history
                WHERE pledge_id = ANY($1)
                  AND cause = $2
            )
            """,
            pledge_ids,
            cause,
        )
    )


def _pledge_row(pledge: Pledge) -> dict[str, Any]:
    """Return a pledge by the names of its columns; further keys are no column's."""
    price = msgspec.structs.asdict(pledge.price)
    details = {name: price[name] for name in PRICE_DETAILS}
    return {**msgspec.structs.asdict(pledge), **price, "price_details": details}


def line_rows(pledge: Pledge) -> list[dict[str, Any]]:
    return [
        {"pledge_id": pledge.pledge_id, "line_no": number, **msgspec.structs.asdict(line)}
        for number, line in enumerate(pledge.lines, start=1)
    ]


def _history_row(entry: Entry) -> dict[str, Any]:
    delta = entry.delta
    return {
        **msgspec.structs.asdict(entry),
        "count_delta": delta.pledge_count,
        "goal_delta_cents": delta.pledged_cents,
        "subtotal_delta_cents": delta.subtotal_cents,
        "shipping_delta_cents": delta.shipping_cents,
        "tax_delta_cents": delta.tax_cents,
        "tip_delta_cents": delta.tip_cents,
        "total_delta_cents": delta.total_cents,
        "collected_delta_cents": delta.collected_cents,
        "recovering_delta_cents": delta.recovering_cents,
        "lost_delta_cents": delta.lost_cents,
        "returned_delta_cents": delta.returned_cents,
        "tier_deltas": delta.tier_counts,
        "support_item_deltas": delta.support_item_cents,
    }
