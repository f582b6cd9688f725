"""What every table holds, as one hash each: to see that something changed nothing."""

from deploy.chaos import owner
from deploy.chaos.checker import SCHEMAS
from deploy.chaos.stage import Stage

# What is meant to change: notes of who did what, when the bus was last looked at, and when
# somebody last looked at the calendar.
NOT_FACTS = ("operator_actions", "stream_state", "calendar_heartbeat", "schema_migrations")
# When a row went out, not what it says.
NOT_SAID = {"outbox": "published_at"}


async def of_tables(stage: Stage) -> dict[str, str]:
    """Return a hash of the rows of each table of fact, by its whole name."""
    names = await owner.rows(
        stage,
        """
        SELECT table_schema, table_name
        FROM information_schema.tables
        WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' AND table_name <> ALL($2)
        ORDER BY 1, 2
        """,
        SCHEMAS,
        NOT_FACTS,
    )
    found = {}
    for schema, table in names:
        row = "to_jsonb(each)"
        if column := NOT_SAID.get(table):
            row += f" - '{column}'"
        found[f"{schema}.{table}"] = await owner.value(
            stage,
            f"SELECT coalesce(md5(string_agg(hash, '' ORDER BY hash)), 'empty')"  # noqa: S608
            f" FROM (SELECT md5(({row})::text) AS hash FROM {schema}.{table} AS each) AS rows",
        )
    return found
