"""Lets the sandbox's role, and nobody else, move the platform's clock.

python -m deploy.sandbox.clock_grant, as the owner of the database, after a migration.
"""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

ROLE = "pool_sandbox"
CONNECTIONS_MAX = 5
NAMES = ("MIGRATION_DATABASE_URL", "SANDBOX_DATABASE_URL")


def statements(password: str, database: str) -> str:
    """Return the SQL that makes the role what it is, whether it is there or not."""
    assert "'" not in password, "a quote in a password would end the statement"
    return f"""
        DO $$ BEGIN
            CREATE ROLE {ROLE} LOGIN;
        EXCEPTION WHEN duplicate_object THEN NULL;
        END $$;
        ALTER ROLE {ROLE} LOGIN PASSWORD '{password}' CONNECTION LIMIT {CONNECTIONS_MAX};
        GRANT CONNECT ON DATABASE {database} TO {ROLE};
        GRANT USAGE ON SCHEMA platform TO {ROLE};
        GRANT SELECT, UPDATE ON platform.clock_offset TO {ROLE};
    """


async def grant(owner_url: str, sandbox_url: str) -> None:
    """Run the statements as the owner."""
    wanted = urlsplit(sandbox_url)
    assert wanted.username == ROLE, f"SANDBOX_DATABASE_URL must name {ROLE}"
    conn = await asyncpg.connect(owner_url, timeout=10)
    try:
        database = await conn.fetchval("SELECT quote_ident(current_database())")
        await conn.execute(statements(unquote(wanted.password or ""), database))
    finally:
        await conn.close()


def main() -> int:
    """Read both addresses from the environment, or from files it names."""
    found = {name: _read(name) for name in NAMES}
    if missing := [name for name in NAMES if not found[name]]:
        sys.stderr.write(f"missing: {', '.join(missing)}\n")
        return 1
    asyncio.run(grant(found["MIGRATION_DATABASE_URL"], found["SANDBOX_DATABASE_URL"]))
    return 0


def _read(name: str) -> str:
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, "")


if __name__ == "__main__":
    sys.exit(main())
