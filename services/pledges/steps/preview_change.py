"""Tell what a change would cost, for somebody who is still choosing."""

from contracts.api.pledges import ChangePreview
from contracts.magic_link import MagicLink
from services.chassis.events.bus import Bus
from services.chassis.storage.database import Pool, transaction
from services.pledges.domain import pledging, revising
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.handlers.preview_change import prepare_preview, preview_of
from services.pledges.steps.modify_pledge import ask


async def preview_change(
    pool: Pool, bus: Bus, link: MagicLink, asked: ModifyRequest
) -> ChangePreview:
    """Return what the pledge would cost, or refuse as a change of it would be refused."""
    pledging.require_own(link, asked.order_id)
    revising.require_tip(asked)
    async with transaction(pool) as conn:
        wanted = await prepare_preview(conn, link, asked)
    return preview_of(wanted, await ask(bus, wanted.questions))
