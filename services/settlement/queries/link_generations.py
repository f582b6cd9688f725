"""Which generation of a supporter's links still opens their pledges."""

from contracts.ids import SupporterId
from contracts.magic_link import FIRST_GENERATION
from services.chassis.storage.database import Connection


async def save_generation(conn: Connection, supporter_id: SupporterId, generation: int) -> None:
    """Keep the newest generation, in whatever order we hear of them."""
    await conn.execute(
        """
        INSERT INTO link_generations (supporter_id, generation)
        VALUES ($1, $2)
        ON CONFLICT (supporter_id) DO UPDATE
        SET generation = excluded.generation
        WHERE link_generations.generation < excluded.generation
        """,
        supporter_id,
        generation,
    )


async def find_generation(conn: Connection, supporter_id: SupporterId) -> int:
    """Return the generation that holds."""
    found: int | None = await conn.fetchval(
        "SELECT generation FROM link_generations WHERE supporter_id = $1", supporter_id
    )
    return found or FIRST_GENERATION
