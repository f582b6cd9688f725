"""The owner's connection to the database: whatever is wrong with it is said in a sentence."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from deploy.recovery.manifest import Refused
from services.chassis.storage.complaints import FAULTS, complaint

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 300.0
CLOSE_SECONDS = 5.0


@asynccontextmanager
async def connected(owner_url: str) -> AsyncIterator[Connection]:
    """Yield a connection. Raises `Refused` when there is none, or it comes to nothing."""
    try:
        conn = await asyncpg.connect(
            owner_url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS
        )
        try:
            yield conn
        finally:
            with contextlib.suppress(*FAULTS):
                await conn.close(timeout=CLOSE_SECONDS)
    except FAULTS as exc:
        raise Refused(complaint(exc, owner_url)) from exc
