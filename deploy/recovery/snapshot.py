"""One moment of the whole database: dumped, and counted in the same snapshot."""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from deploy.local.layout import SERVICES
from deploy.local.wheels import pg_bin, plain_environ
from deploy.recovery.manifest import Refused, Sums
from deploy.recovery.owner import Connection, connected

SCHEMAS = ("platform", *SERVICES)
DUMP_SECONDS = 1_800.0


@dataclass(frozen=True)
class Snapshot:
    """What was counted in the moment that was dumped."""

    taken_at: datetime
    postgres_major: int
    migrations: dict[str, dict[str, str]]
    rows: dict[str, int]
    campaigns: dict[str, Sums]
    roles: tuple[str, ...]


async def take(owner_url: str, into: Path) -> Snapshot:
    """Dump all our schemas into a file and count them, both as of one moment.

    Nobody who writes waits for it. Raises `Refused` with Postgres's own words.
    """
    async with (
        connected(owner_url) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        name = await conn.fetchval("SELECT pg_export_snapshot()")
        dumping = asyncio.create_task(asyncio.to_thread(_dump, owner_url, name, into))
        try:
            counted = await counts(conn)
        finally:
            await dumping
        return counted


async def counts(conn: Connection) -> Snapshot:
    """Return what the manifest says about the database, as this connection sees it."""
    return Snapshot(
        taken_at=await conn.fetchval("SELECT now()"),
        postgres_major=await conn.fetchval("SELECT current_setting('server_version_num')::int")
        // 10_000,
        migrations={schema: await _migrations(conn, schema) for schema in SCHEMAS},
        rows=await _rows(conn),
        campaigns=await _campaigns(conn),
        roles=await _roles(conn),
    )


async def _migrations(conn: Connection, schema: str) -> dict[str, str]:
    rows = await conn.fetch(
        f"SELECT version, sha256 FROM {schema}.schema_migrations ORDER BY version"  # noqa: S608
    )
    return {row["version"]: row["sha256"] for row in rows}


async def _rows(conn: Connection) -> dict[str, int]:
    tables = await conn.fetch(
        """
        SELECT format('%I.%I', schemaname, tablename) AS name
        FROM pg_tables
        WHERE schemaname = ANY($1)
        ORDER BY 1
        """,
        list(SCHEMAS),
    )
    return {
        row["name"]: await conn.fetchval(f"SELECT count(*) FROM {row['name']}")  # noqa: S608
        for row in tables
    }


async def _campaigns(conn: Connection) -> dict[str, Sums]:
    rows = await conn.fetch(
        """
        SELECT campaign, pledge_count, pledged_cents, total_cents, collected_cents
        FROM pledges.campaign_totals
        ORDER BY campaign
        """
    )
    return {
        row["campaign"]: Sums(
            pledges=row["pledge_count"],
            pledged_cents=row["pledged_cents"],
            total_cents=row["total_cents"],
            collected_cents=row["collected_cents"],
        )
        for row in rows
    }


async def _roles(conn: Connection) -> tuple[str, ...]:
    """Return everybody who was granted something in our schemas, but for their owner."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT rolname
        FROM pg_namespace, aclexplode(nspacl)
        JOIN pg_roles ON pg_roles.oid = grantee
        WHERE nspname = ANY($1)
          AND grantee <> nspowner
        ORDER BY rolname
        """,
        list(SCHEMAS),
    )
    return tuple(row["rolname"] for row in rows)


def _dump(owner_url: str, snapshot: str, into: Path) -> None:
    schemas = [f"--schema={schema}" for schema in SCHEMAS]
    run_tool(
        "pg_dump",
        owner_url,
        *("--format=custom", "--compress=6", "--no-owner", f"--snapshot={snapshot}"),
        *(*schemas, f"--file={into}"),
    )


def run_tool(name: str, url: str, *arguments: str) -> str:
    """Run one of Postgres's programs on a database; return what it printed.

    The password goes by the environment: arguments are visible to everybody. Raises
    `Refused` with its own words.
    """
    parts = urlsplit(url)
    shown = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    environ: Mapping[str, Any] = {**plain_environ(), "PGPASSWORD": unquote(parts.password or "")}
    try:
        done = subprocess.run(
            [pg_bin() / name, *arguments, "-d", shown],
            capture_output=True,
            text=True,
            timeout=DUMP_SECONDS,
            check=False,
            env=environ,
        )
    except subprocess.TimeoutExpired as exc:
        raise Refused(f"{name} did not end within {DUMP_SECONDS / 60:g} minutes.") from exc
    if done.returncode != 0:
        raise Refused(f"{name} failed: {done.stderr.strip()[-800:]}")
    return done.stdout
