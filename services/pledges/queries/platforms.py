"""The ledger's copy of the platform's own settings."""

import msgspec

from contracts.campaign import PlatformDefinition
from services.chassis.storage.database import Connection


async def save_platform(conn: Connection, definition: PlatformDefinition) -> None:
    """Keep a version if it is newer than ours."""
    await conn.execute(
        """
        INSERT INTO platform_definition (version, definition)
        VALUES ($1, $2)
        ON CONFLICT (only_one) DO UPDATE
        SET version = excluded.version,
            definition = excluded.definition
        WHERE platform_definition.version < excluded.version
        """,
        definition.version,
        definition,
    )


async def read_platform(conn: Connection) -> PlatformDefinition:
    """Return the newest version; the defaults until site has published one."""
    stored = await conn.fetchval("SELECT definition FROM platform_definition")
    if stored is None:
        return PlatformDefinition(version=0)
    return msgspec.convert(stored, PlatformDefinition)
