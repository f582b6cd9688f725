"""What only the owner of the database may see or do: counts across schemas, skipped hours."""

from typing import Any

import asyncpg

from deploy.chaos.stage import Stage

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 60.0


async def value(stage: Stage, query: str, *arguments: Any) -> Any:
    """Return the one value a query asks for."""
    conn = await connected(stage)
    try:
        return await conn.fetchval(query, *arguments)
    finally:
        await conn.close()


async def rows(stage: Stage, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Return what a query finds."""
    conn = await connected(stage)
    try:
        found: list[asyncpg.Record] = await conn.fetch(query, *arguments)
        return found
    finally:
        await conn.close()


async def act(stage: Stage, *statements: str) -> None:
    """Run statements in one transaction, past triggers that guard against services."""
    conn = await connected(stage)
    try:
        async with conn.transaction():
            await conn.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await conn.execute(statement)
    finally:
        await conn.close()


async def connected(stage: Stage) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection of the owner's; whoever asked for it closes it."""
    return await asyncpg.connect(
        stage.owner_url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS
    )
