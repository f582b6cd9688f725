"""What must not be left behind, and what is told to people: logs, metrics, links, figures."""

import base64
import hmac
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from deploy.chaos.checker import SCHEMAS, SHOWN_MAX, Connection, Violation
from deploy.chaos.outside import Outside
from deploy.sandbox.cards import BY_NUMBER

FRESH_SECONDS = 5.0
HTTP_SECONDS = 10.0
CAMPAIGNS_MAX = 100
LINK = re.compile(r"/manage/\?t=([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{43}")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
NO_SECRETS = ("STACK_ID", "STRIPE_PUBLISHABLE_KEY")
TEXT_TYPES = "('text', 'jsonb', 'bytea', 'ARRAY')"


def secrets_of(kept: Mapping[str, str]) -> dict[str, str]:
    """Return what must never be read anywhere, by name."""
    return {name: value for name, value in kept.items() if name not in NO_SECRETS and value}


def leaks(
    texts: Mapping[str, str], secrets: Mapping[str, str], people: set[str]
) -> list[Violation]:
    """I-24: return every secret, token and whole address of a supporter in logs and metrics."""
    found: list[Violation] = []
    for place, text in texts.items():
        for name, value in secrets.items():
            if value in text:
                found.append(Violation("I-24", f"{name} is readable", (place,)))
        if TOKEN.search(text):
            found.append(Violation("I-24", "the key of a magic link is readable", (place,)))
        for address in sorted({each.lower() for each in EMAIL.findall(text)} & people):
            found.append(Violation("I-24", f"an address is readable: {address}", (place,)))
    return found


def read_logs(folder: Path) -> dict[str, str]:
    """Return every log of a stack by its name."""
    return {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.glob("*.log*"))
    }


def read_metrics(urls: Mapping[str, str]) -> dict[str, str]:
    """Return what every process shows to Prometheus; one that is away shows nothing."""
    found: dict[str, str] = {}
    with httpx.Client(timeout=HTTP_SECONDS, trust_env=False) as http:
        for name, url in urls.items():
            try:
                found[f"{name} /metrics"] = http.get(f"{url}/metrics").text
            except httpx.HTTPError:
                continue
    return found


async def card_numbers(conn: Connection) -> list[Violation]:
    """I-12: return every column in which a card number was written down."""
    columns = await conn.fetch(
        f"""
        SELECT table_schema, table_name, column_name, data_type
        FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' AND data_type IN {TEXT_TYPES}
        ORDER BY 1, 2, 3
        """,  # noqa: S608
        list(SCHEMAS),
    )
    pattern = "|".join(sorted(BY_NUMBER))
    found = []
    for schema, table, column, kind in columns:
        text = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        count = await conn.fetchval(
            f"SELECT count(*) FROM {schema}.{table} WHERE {text} ~ $1",  # noqa: S608
            pattern,
        )
        if count:
            where = f"{schema}.{table}.{column}"
            found.append(Violation("I-12", f"{count} rows hold a card number", (where,)))
    return found


async def links(conn: Connection, outside: Outside, secret: str) -> list[Violation]:
    """I-13: return every mail whose link is not signed, or opens another pledge than its own."""
    rows = await conn.fetch(
        """
        SELECT mail_id, recipient, campaign, facts ->> 'pledge_id' AS pledge_id
        FROM notify.mails
        UNION ALL
        -- Links that were lost and are sent again: one mail, and a link to each pledge.
        SELECT mail_id, recipient, opened.value ->> 'campaign', opened.value ->> 'pledge_id'
        FROM notify.mails
        CROSS JOIN LATERAL jsonb_array_elements(facts -> 'opened') AS opened
        """
    )
    known = {(row["mail_id"], row["pledge_id"], row["recipient"], row["campaign"]) for row in rows}
    # Of somebody who asked to be forgotten it is not known any more.
    forgotten = {row["mail_id"] for row in rows if not row["recipient"]}
    lost = await conn.fetchrow("SELECT backed_up_at, restored_at FROM platform.recovery")
    found: list[Violation] = []
    for mail in outside.mails:
        mail_id = mail["headers"].get("X-Entity-Ref-ID")
        for body, signature in set(LINK.findall(mail["text"] + mail["html"])):
            digest = hmac.digest(secret.encode(), body.encode(), "sha256")
            expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(expected, signature):
                found.append(Violation("I-13", "a link is not signed by us", (mail["id"],)))
            elif mail_id in forgotten or _is_in(mail, lost):
                continue
            elif (mail_id, *_opens(body)) not in known:
                found.append(Violation("I-13", "a link opens another pledge", (mail["id"],)))
    return found[:SHOWN_MAX]


def _is_in(mail: Mapping[str, Any], lost: asyncpg.Record | None) -> bool:
    """Tell whether a mail was sent between a backup and its restore: its row was lost."""
    if lost is None:
        return False
    return bool(lost[0] <= datetime.fromisoformat(mail["received_at"]) <= lost[1])


def figures(site: str, truth: Mapping[str, tuple[int, int]]) -> Iterator[Violation]:
    """I-20: yield each campaign whose public figures are not the ledger's within 5 seconds."""
    limit = time.monotonic() + FRESH_SECONDS
    with httpx.Client(base_url=site, timeout=HTTP_SECONDS, trust_env=False) as http:
        for slug, wanted in list(truth.items())[:CAMPAIGNS_MAX]:
            while (shown := _shown(http, slug)) != wanted and time.monotonic() < limit:
                time.sleep(0.1)
            if shown != wanted:
                yield Violation("I-20", f"the page shows {shown}, the ledger has {wanted}", (slug,))


async def totals(conn: Connection) -> dict[str, tuple[int, int]]:
    """Return pledges and cents of every campaign, as the ledger has them."""
    rows = await conn.fetch(
        "SELECT campaign, pledge_count, pledged_cents FROM pledges.campaign_totals ORDER BY 1"
    )
    return {row["campaign"]: (row["pledge_count"], row["pledged_cents"]) for row in rows}


async def supporters(conn: Connection) -> set[str]:
    """Return the address of everybody who ever came."""
    rows = await conn.fetch(
        """
        SELECT email FROM pledges.supporters
        UNION SELECT email FROM checkout.stripe_customers
        UNION SELECT address FROM notify.mails
        """
    )
    return {row["email"].lower() for row in rows}


def _shown(http: httpx.Client, slug: str) -> tuple[int, int] | None:
    try:
        stats: dict[str, Any] = http.get(f"/live/{slug}").raise_for_status().json()["stats"]
    except httpx.HTTPError:
        return None
    return stats["pledgeCount"], stats["pledgedAmount"]


def _opens(body: str) -> tuple[str, str, str]:
    said = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said["orderId"], said["email"].lower(), said["campaignSlug"]
