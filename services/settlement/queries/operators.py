"""SQL about what operators did."""

from typing import Any

from services.chassis.database import Connection


async def record(conn: Connection, action: str, *, done_by: str, details: dict[str, Any]) -> None:
    await conn.execute(
        "INSERT INTO operator_actions (action, done_by, details) VALUES ($1, $2, $3)",
        action,
        done_by,
        details,
    )
