"""Is our data there at all? A service never begins anew beside others that remember.

An empty schema beside full ones would do everything it ever did once more, so a schema
that is missing stops us. Source: reliability 2.2 W and 2.6 W.
"""

from contracts.streams import STREAMS
from services.chassis.storage.database import Connection, Pool

SCHEMAS = tuple(sorted({stream.owner for stream in STREAMS}))
HELP = "see docs/operators.md, 'A service refuses to start'"


async def fault(pool: Pool, schema: str) -> str:
    """Return why the service must not start; empty when its tables and retention stand."""
    there = await pool.fetchval(
        """
        SELECT EXISTS (
            SELECT
            FROM pg_class
            JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE nspname = $1 AND relname = 'schema_migrations'
        )
        """,
        schema,
    )
    if not there:
        return (
            f"its schema {schema!r} is missing. Migrate, if this database is new;"
            f" restore the backup, if it is not: {HELP}"
        )
    return await _retention_fault(pool)


async def _retention_fault(pool: Pool) -> str:
    """R-17: whatever an outbox can repeat, every inbox must still recognise."""
    if not await pool.fetchval("SELECT to_regprocedure('inbox_retention()') IS NOT NULL"):
        return ""  # Migrations are pending; readiness names them.
    is_long_enough = await pool.fetchval(
        "SELECT inbox_retention() >= outbox_retention() + interval '7 days'"
    )
    return "" if is_long_enough else "its inbox forgets sooner than a week after the outbox"


async def lost_beside(conn: Connection, schema: str) -> list[str]:
    """Return the sibling schemas that hold facts while `schema` does not exist."""
    rows = await conn.fetch(
        """
        SELECT nspname
        FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relname = 'outbox' AND nspname = ANY($1)
        """,
        list(SCHEMAS),
    )
    present = sorted(row["nspname"] for row in rows)
    if schema in present or schema not in SCHEMAS:
        return []
    return [
        each
        for each in present
        if await conn.fetchval(f"SELECT EXISTS (SELECT FROM {each}.outbox)")  # noqa: S608
    ]
