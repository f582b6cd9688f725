"""The checker: every invariant that applies so far, over one snapshot of everything.

It reads as the owner and shares no code with the services it judges: what they compute
and what is found here have to agree.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import asyncpg

from contracts.streams import CONSUMERS
from contracts.subjects import tag
from deploy.chaos.invariants import Rule, rules
from deploy.chaos.outside import Outside

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

SHOWN_MAX = 50
RULE_SECONDS = 120.0
SCHEMAS = ("checkout", "pledges", "settlement", "notify", "site")
# The chargers take a charge by its row's lease: they need no inbox.
WITHOUT_INBOX = ("settlement-chargers",)


@dataclass(frozen=True)
class Violation:
    """One place where something that must be true is not."""

    invariant: str
    what: str
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what} ({', '.join(self.evidence)})"


@dataclass(frozen=True)
class Report:
    """What was looked at, and what was found."""

    checked: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    moving: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was found."""
        return not self.violations


async def evaluate(
    conn: Connection,
    outside: Outside | None,
    *,
    is_at_rest: bool = True,
    only: Callable[[Rule], bool] = lambda _: True,
) -> Report:
    """Ask every rule that can be asked, on this connection and in its transaction.

    Rules about what has to arrive in the end hold at rest only; without `outside` those
    that compare with Stripe or the inbox are left out, and said to be. `only` chooses among
    the rules where not all of the platform is there.
    """
    await _lay_out(conn, outside or Outside())
    checked: list[str] = []
    skipped: list[str] = []
    found: list[Violation] = []
    for rule in filter(only, rules()):
        if (rule.asks_outside and outside is None) or (rule.holds == "at rest" and not is_at_rest):
            skipped.append(rule.name)
            continue
        checked.append(rule.name)
        found += await _ask(conn, rule)
    return Report(tuple(checked), tuple(skipped), tuple(found))


@asynccontextmanager
async def snapshot(owner_url: str) -> AsyncIterator[Connection]:
    """Yield a connection that sees one and the same moment, whatever happens meanwhile."""
    conn = await asyncpg.connect(owner_url, timeout=10, command_timeout=RULE_SECONDS)
    try:
        async with conn.transaction(isolation="repeatable_read"):
            yield conn
    finally:
        await conn.close()


async def _ask(conn: Connection, rule: Rule) -> list[Violation]:
    rows = await conn.fetch(f"SELECT * FROM ({rule.sql}) AS broken LIMIT {SHOWN_MAX}")  # noqa: S608
    return [
        Violation(rule.invariant, row["what"], tuple(each for each in row["evidence"] if each))
        for row in rows
    ]


async def _lay_out(conn: Connection, outside: Outside) -> None:
    """Put what came from outside, and what spans all schemas, beside the tables."""
    await conn.execute(_tables())
    for table, rows in _rows(outside):
        if rows:
            await conn.copy_records_to_table(table, records=rows, schema_name="pg_temp")


def _tables() -> str:
    outboxes = " UNION ALL ".join(
        f"SELECT '{schema}' AS owner, event_id, subject, event_type, aggregate_id,"  # noqa: S608
        f" aggregate_version, queued_at, published_at FROM {schema}.outbox"
        for schema in SCHEMAS
    )
    inboxes = " UNION ALL ".join(
        f"SELECT '{schema}' AS listener, consumer, event_id FROM {schema}.inbox"  # noqa: S608
        for schema in SCHEMAS
    )
    parked = " UNION ALL ".join(
        f"SELECT '{schema}' AS listener, consumer, subject, event_id, error,"  # noqa: S608
        f" resolved_at, is_waiting, try_again_at FROM {schema}.parked_events"
        for schema in SCHEMAS
    )
    return f"""
        CREATE OR REPLACE TEMP VIEW every_outbox AS {outboxes};
        CREATE OR REPLACE TEMP VIEW every_inbox AS {inboxes};
        CREATE OR REPLACE TEMP VIEW every_parked AS {parked};
        CREATE TEMP TABLE IF NOT EXISTS consumers (
            consumer text, listener text, event_type text
        );
        CREATE TEMP TABLE IF NOT EXISTS stripe_intents (
            intent_id text, status text, amount_cents bigint, charge_id text, campaign text,
            purpose text, customer_id text
        );
        CREATE TEMP TABLE IF NOT EXISTS stripe_sessions (
            session_id text, status text, order_id text, update_id text
        );
        CREATE TEMP TABLE IF NOT EXISTS stripe_refunds (
            refund_id text, intent_id text, cents bigint, status text
        );
        CREATE TEMP TABLE IF NOT EXISTS inbox_mails (
            resend_id text, mail_id text, recipient text, received_at timestamptz
        );
        TRUNCATE consumers, stripe_intents, stripe_sessions, stripe_refunds, inbox_mails;
    """


def _arrived(mail: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        mail["id"],
        mail["headers"].get("X-Entity-Ref-ID"),
        mail["to"][0],
        datetime.fromisoformat(mail["received_at"]),
    )


def _rows(outside: Outside) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    yield (
        "consumers",
        [
            (each.durable, each.listener, tag(event))
            for each in CONSUMERS
            if each.durable not in WITHOUT_INBOX
            for event in each.events
        ],
    )
    yield (
        "stripe_intents",
        [
            (
                intent["id"],
                intent["status"],
                intent["amount"],
                intent["metadata"].get("pool_charge"),
                intent["metadata"].get("campaign"),
                intent["metadata"].get("purpose"),
                intent["customer"],
            )
            for intent in outside.intents
        ],
    )
    yield (
        "stripe_sessions",
        [
            (
                session["id"],
                session["status"],
                session["metadata"].get("orderId"),
                session["metadata"].get("updateId"),
            )
            for session in outside.sessions
        ],
    )
    yield (
        "stripe_refunds",
        [
            (refund["id"], refund["payment_intent"], refund["amount"], refund["status"])
            for refund in outside.refunds
        ],
    )
    yield "inbox_mails", [_arrived(mail) for mail in outside.mails]
