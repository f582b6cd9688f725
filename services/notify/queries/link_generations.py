"""Which generation of a supporter's links a new mail's links are of."""

from collections.abc import Sequence

from contracts.ids import SupporterId
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


async def list_generations(
    conn: Connection, supporters: Sequence[SupporterId]
) -> dict[SupporterId, int]:
    """Return the generations that hold, of those who ever had their links sent again."""
    rows = await conn.fetch(
        "SELECT supporter_id, generation FROM link_generations WHERE supporter_id = ANY($1)",
        supporters,
    )
    return {row["supporter_id"]: row["generation"] for row in rows}
