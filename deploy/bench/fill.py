"""A campaign with a hundred thousand pledges, made by the database in a few statements."""

from typing import Any

from deploy.chaos import owner
from deploy.chaos.stage import Stage

# What tells one copy from another; everything else is as it was pledged.
PEOPLE = """
INSERT INTO pledges.supporters (supporter_id, email, known_since)
SELECT 'sup_bench' || number, format('copy%s@halfmoon.example', number), now()
FROM generate_series(1, $1::integer) AS number
"""
COPIES = {
    "pledges.pledges": """jsonb_build_object(
        'pledge_id', format('pool-intent-bench%s', number),
        'order_id', format('pool-intent-bench%s', number),
        'supporter_id', 'sup_bench' || number,
        'email', format('copy%s@halfmoon.example', number))""",
    "pledges.pledge_lines": "jsonb_build_object('pledge_id', 'pool-intent-bench' || number)",
    "pledges.pledge_history": "jsonb_build_object('pledge_id', 'pool-intent-bench' || number)",
}


async def copy_pledge(stage: Stage, pledge_id: str, count: int) -> None:
    """Let a pledge be `count` people's, each their own, and history tell of each."""
    conn: Any = await owner.connected(stage)
    try:
        async with conn.transaction():
            # Keys and order of writing are right as they are; sealing is done here.
            await conn.execute("SET LOCAL session_replication_role = replica")
            await conn.execute(PEOPLE, count, timeout=300)
            for table, names in COPIES.items():
                columns = await conn.fetchval(
                    """
                    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                    FROM pg_attribute
                    WHERE attrelid = $1::text::regclass
                      AND attnum > 0
                      AND NOT attisdropped
                      AND attgenerated = ''
                    """,
                    table,
                )
                await conn.execute(
                    f"""
                    INSERT INTO {table} ({columns})
                    SELECT {columns}
                    FROM (
                        SELECT copied.*
                        FROM {table} AS original
                        CROSS JOIN generate_series(1, $2::integer) AS number
                        CROSS JOIN LATERAL jsonb_populate_record(
                            NULL::{table}, to_jsonb(original) || {names}) AS copied
                        WHERE original.pledge_id = $1
                    ) AS every
                    """,  # noqa: S608
                    pledge_id,
                    count,
                    timeout=300,
                )
            await conn.execute(
                "UPDATE pledges.pledge_history AS line SET seal = pledges.history_seal(line)"
                " WHERE pledge_id LIKE 'pool-intent-bench%'",
                timeout=300,
            )
        await conn.execute("ANALYZE pledges.pledges, pledges.pledge_lines, pledges.pledge_history")
    finally:
        await conn.close()
