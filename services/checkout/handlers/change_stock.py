"""An operator sets, restocks or resets how many there are of a thing; who did it is noted."""

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.events.checkout import StockLevel
from contracts.ids import CampaignSlug, is_slug
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.events.parked import note_action
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.answers import StockChange, left_in
from services.checkout.domain.bodies import STOCK_MAX, StockBody
from services.checkout.domain.stock import PLATFORM_SHELF, Limited, Thing, add_ons_of, things_of
from services.checkout.handlers.keep_definitions import limit_campaign, limit_platform
from services.checkout.queries import campaigns, overrides, stock


async def change_stock(conn: Connection, body: StockBody) -> StockChange:
    """Change one limit and return it before and after. It stays over every later definition.

    A limit below what is claimed and reserved means sold out. With `expectedLimit` a request
    sent twice, or one that crossed another, changes nothing the second time.
    """
    definition, things = await _shelf(conn, body)
    thing = _named(body, things)
    before = await stock.find_level(conn, thing)
    limit_before = before.limit_total if before else None
    if body.expected_limit is not None and body.expected_limit != limit_before:
        raise StateRefused("conflict", "The limit is another one by now.", limit=limit_before or 0)
    await _override(conn, body, thing, before)
    if isinstance(definition, CampaignDefinition):
        await limit_campaign(conn, definition)
    else:
        await limit_platform(conn, definition)
    after = await stock.find_level(conn, thing)
    await _note(conn, body, thing, before, after)
    return StockChange(
        success=True,
        action=body.action,
        campaign_slug=body.campaign_slug,
        tier_id=body.tier_id,
        product_id=body.product_id,
        variant_id=body.variant_id,
        before=left_in(before),
        after=left_in(after),
    )


async def _shelf(
    conn: Connection, body: StockBody
) -> tuple[CampaignDefinition | PlatformDefinition, list[Limited]]:
    """Close the shelf's door and return what is on it. Nobody moves a unit until we commit."""
    if body.campaign_slug is None:
        if body.tier_id is not None:
            raise _wrong("campaignSlug", "needed for a tier")
        platform = await campaigns.lock_platform(conn)
        return platform, add_ons_of(PLATFORM_SHELF, platform.add_ons)
    slug = CampaignSlug(body.campaign_slug)
    campaign = await campaigns.lock_definition(conn, slug) if is_slug(slug) else None
    if campaign is None:
        raise NotFound("campaign_not_found", "There is no such campaign.")
    return campaign, things_of(campaign)


def _named(body: StockBody, things: list[Limited]) -> Thing:
    if (body.tier_id is None) == (body.product_id is None):
        raise _wrong("tierId", "one of tierId and productId is needed")
    kind = "tier" if body.tier_id is not None else "add_on"
    wanted = (kind, body.tier_id or body.product_id, body.variant_id or "")
    for each in things:
        if (each.thing.kind, each.thing.item_id, each.thing.variant_id) == wanted:
            return each.thing
    raise NotFound("item_not_found", "There is no such tier, product or variant.")


async def _override(
    conn: Connection, body: StockBody, thing: Thing, before: StockLevel | None
) -> None:
    quantity = body.quantity
    if body.action == "reset":
        if quantity is not None:
            raise _wrong("quantity", "a reset goes back to what the definition says")
        await overrides.delete_override(conn, thing)
        return
    if quantity is None or (body.action == "restock" and quantity == 0):
        raise _wrong("quantity", "a whole number is needed")
    if body.action == "restock":
        if before is None:
            raise StateRefused("unlimited", "There is no limit that could be raised.")
        quantity += before.limit_total
    if quantity > STOCK_MAX:
        raise _wrong("quantity", f"at most {STOCK_MAX} in all")
    await overrides.upsert_override(conn, thing, quantity)


async def _note(
    conn: Connection,
    body: StockBody,
    thing: Thing,
    before: StockLevel | None,
    after: StockLevel | None,
) -> None:
    details = {
        **msgspec.structs.asdict(thing),
        "quantity": body.quantity,
        "before": before,
        "after": after,
        "request_id": telemetry.correlation.get(),
    }
    await note_action(conn, f"stock {body.action}", body.by, details)


def _wrong(field: str, problem: str) -> InputRefused:
    return InputRefused("invalid_input", problem.capitalize() + ".", fields={field: problem})
