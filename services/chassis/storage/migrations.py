"""Migrations: numbered SQL files, forward only, each in one transaction, under a lock.

Every ready-made runner we tried had a defect that matters when five services start at
once (no lock, exit 0 on failure, edited files unnoticed), so this is our own.
"""

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from services.chassis.storage import presence
from services.chassis.storage.database import Connection
from services.chassis.storage.privileges import restrict

CHASSIS = Path(__file__).parent / "sql"
FILE_PATTERN = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


# All statements of a file together; each has a minute.
FILE_SECONDS_MAX = 600.0


class MigrationError(Exception):
    """The files and the database disagree; nothing was changed."""


async def migrate(owner_url: str, *, schema: str, folder: Path, service_url: str) -> int:
    """Bring `schema` up to date and return how many files were applied.

    Creates what is missing: the shared clock, the schema, the role `pool_<schema>` with
    the password of `service_url`, the outbox and inbox, then the service's own tables.
    Safe to run many times and at once. Raises `MigrationError` when an applied file was
    edited or is gone.
    """
    conn = await asyncpg.connect(owner_url, timeout=10, command_timeout=FILE_SECONDS_MAX)
    try:
        # Who hangs is found out here.
        await conn.execute("SET statement_timeout = '60s'", timeout=10)
        # One lock for all services: they share the clock and the list of roles.
        await conn.execute("SELECT pg_advisory_lock(hashtextextended('pool.migrations', 0))")
        if full := await presence.lost_beside(conn, schema):
            raise MigrationError(
                f"the schema {schema} is gone, and {', '.join(full)} hold facts: restore the"
                " backup. An empty one beside them would do everything it ever did again."
            )
        role = await _ensure_role(conn, f"pool_{schema}", service_url)
        await restrict(conn, schema=schema, role=role)
        applied = await _apply(conn, "platform", role, [CHASSIS / "platform"])
        applied += await _apply(conn, schema, role, [CHASSIS / "service", folder])
        return applied
    finally:
        await conn.close()


async def pending(conn: Connection, *, schema: str, folder: Path) -> list[str]:
    """Return the files this schema still lacks; an empty list means it is current."""
    rows = await conn.fetch(f"SELECT version FROM {schema}.schema_migrations")  # noqa: S608
    done = {row["version"] for row in rows}
    return [name for name, _ in _files([CHASSIS / "service", folder]) if name not in done]


def checksums(folders: list[Path]) -> dict[str, str]:
    """Return the migrations in these folders, each with its checksum."""
    return {name: _checksum(sql) for name, sql in _files(folders)}


async def _apply(conn: Connection, schema: str, role: str, folders: list[Path]) -> int:
    await conn.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    await conn.execute(
        f"""
        CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
            version    text        PRIMARY KEY,
            sha256     text        NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    rows = await conn.fetch(
        f"SELECT version, sha256 FROM {schema}.schema_migrations"  # noqa: S608
    )
    done = {row["version"]: row["sha256"] for row in rows}
    files = _files(folders)
    _refuse_changed(schema, done, files)
    fresh = [(name, sql) for name, sql in files if name not in done]
    for name, sql in fresh:
        await _apply_one(conn, schema, role, name, sql)
    return len(fresh)


async def _apply_one(conn: Connection, schema: str, role: str, name: str, sql: str) -> None:
    async with conn.transaction():
        await conn.execute(f"SET LOCAL search_path = {schema}")
        await conn.execute(sql.replace("{service_role}", role).replace("{schema}", schema))
        await conn.execute(
            f"INSERT INTO {schema}.schema_migrations (version, sha256) "  # noqa: S608
            "VALUES ($1, $2)",
            name,
            _checksum(sql),
        )


def _refuse_changed(schema: str, done: dict[str, str], files: list[tuple[str, str]]) -> None:
    known = {name: _checksum(sql) for name, sql in files}
    for name, checksum in done.items():
        if name not in known:
            raise MigrationError(f"{schema}: {name} was applied, and its file is gone")
        if known[name] != checksum:
            raise MigrationError(f"{schema}: {name} was edited after it was applied")


def _files(folders: list[Path]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for folder in folders:
        for path in sorted(folder.glob("*.sql")):
            assert FILE_PATTERN.fullmatch(path.name), f"{path.name} is not a migration's name"
            found.append((f"{folder.name}/{path.name}", path.read_text(encoding="utf-8")))
    return found


async def _ensure_role(conn: Connection, role: str, service_url: str) -> str:
    """Return the account the service logs in with, quoted for SQL.

    Our own is created, or given the password the service will use from now on. An
    operator may bring another, which has to be there.
    """
    parts = urlsplit(service_url)
    named = unquote(parts.username or "")
    quoted: str = await conn.fetchval("SELECT quote_ident($1::text)", named)
    if named != role:
        return quoted
    exists = await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    password = unquote(parts.password or "")
    literal = await conn.fetchval("SELECT quote_literal($1::text)", password)
    await conn.execute(f"{verb} ROLE {role} LOGIN PASSWORD {literal}")
    return quoted


def _checksum(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()
