"""What a pledge contains, written anew by a revision of it."""

from collections.abc import Sequence

from services.chassis.storage.database import Connection
from services.pledges.domain.pledge import Pledge
from services.pledges.queries.ledger import line_rows


async def save_contents(conn: Connection, pledges: Sequence[Pledge]) -> None:
    """Write the lines of pledges whose line of history was just written."""
    await conn.execute(
        "DELETE FROM pledge_lines WHERE pledge_id = ANY($1)", [each.pledge_id for each in pledges]
    )
    await conn.execute(
        """
        INSERT INTO pledge_lines (
            pledge_id, line_no, kind, item_id, variant_id, label, quantity, unit_cents,
            total_cents, counts_toward_goal, is_physical, answers
        )
        SELECT pledge_id, line_no, kind, item_id, variant_id, label, quantity, unit_cents,
            total_cents, counts_toward_goal, is_physical, answers
        FROM jsonb_populate_recordset(NULL::pledge_lines, $1)
        """,
        [row for each in pledges for row in line_rows(each)],
    )
