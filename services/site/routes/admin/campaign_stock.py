"""Stock by hand: of each tier and add-on set, added to, or as the text says it again."""

from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from contracts.live import LiveTier
from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import transaction
from services.site.admin.forms.sheets import sheets
from services.site.admin.queries import audit
from services.site.desks.dashboard import Visit, Work
from services.site.publishing.model import CampaignDocument
from services.site.routes.admin.campaigns import by

ACTIONS = ("set", "restock", "reset")
QUANTITY_DIGITS_MAX = 7
VARIANT = "__variant__"


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can run out: its name in a cart, its words, and what there is of it."""

    name: str
    label: str
    kind: str
    configured: int | None
    stock: LiveTier | None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What checkout answers when it has changed a limit."""

    success: bool


async def show(visit: Visit) -> ASGIResponse:
    """Show the stock of a campaign that is public."""
    document = await _document(visit)
    return visit.page(
        "campaign_stock",
        slug=visit.slug,
        title=document.definition.title,
        sheets=sheets(visit.language),
        goods=_goods(document, visit),
    )


async def restock(visit: Visit) -> ASGIResponse:
    """Change the limit of one tier or product at checkout, which alone counts stock."""
    goods = {each.name: each for each in _goods(await _document(visit), visit)}
    found, action = goods.get(visit.one("goods")), visit.one("action")
    if found is None:
        raise InputRefused("invalid_input", "There is no such product.")
    if action not in ACTIONS:
        raise InputRefused("invalid_input", "There is no such button.")
    body: dict[str, Any] = {"action": action, "campaignSlug": visit.slug, "by": visit.user.email}
    product, _, variant = found.name.partition(VARIANT)
    named = {"tierId": product} if found.kind == "tier" else {"productId": product}
    body |= named | ({"variantId": variant} if variant else {})
    if action != "reset":
        body["quantity"] = _quantity(visit.one("quantity"))
    await visit.dash.operator.do("checkout", "/admin/inventory", visit.caller, body, Changed)
    details = {name: value for name, value in body.items() if name not in ("campaignSlug", "by")}
    done = msgspec.structs.replace(by(visit, "stock_changed", visit.slug), details=details)
    async with transaction(visit.dash.pool) as conn:
        await audit.append(conn, done)
    return visit.go(f"campaigns/{visit.slug}/stock/", done="stocked")


async def _document(visit: Visit) -> CampaignDocument:
    stands = await visit.dash.texts.standing(visit.slug)
    if stands.public is None:
        raise NotFound("nothing_public", "There is nothing public to go back to.")
    read = await visit.dash.texts.read(stands.public.source, stands.file)
    if read.found is None:
        raise NotFound("nothing_public", "There is nothing public to go back to.")
    return read.found.document


def _goods(document: CampaignDocument, visit: Visit) -> list[Goods]:
    """Return tiers and products, a product with variants by its variants."""
    definition = document.definition
    shown = next((each for each in visit.campaigns if each.campaign.slug == visit.slug), None)
    tiers = shown.inventory.tiers if shown else {}
    products = shown.inventory.add_ons if shown else {}
    found = [
        Goods(
            name=tier.tier_id,
            label=tier.name,
            kind="tier",
            configured=tier.limit_total,
            stock=tiers.get(tier.tier_id),
        )
        for tier in definition.tiers
    ]
    for product in definition.add_ons:
        variants = [
            (f"{product.product_id}{VARIANT}{each.variant_id}", each.label, each.inventory)
            for each in product.variants
        ]
        for name, label, configured in variants or [(product.product_id, "", product.inventory)]:
            found.append(
                Goods(
                    name=name,
                    label=f"{product.name}, {label}" if label else product.name,
                    kind="add_on",
                    configured=configured,
                    stock=products.get(name),
                )
            )
    return found


def _quantity(written: str) -> int:
    if not written.isascii() or not written.isdecimal() or len(written) > QUANTITY_DIGITS_MAX:
        message = "Write a whole number."
        raise InputRefused("invalid_input", message, fields={"quantity": message})
    return int(written)


WORKS: dict[str, Work] = {"campaigns.stock": show, "campaigns.restock": restock}
