"""What machines read: robots, the sitemap and the catalogue."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, route
from litestar.response.base import ASGIResponse
from markupsafe import escape

from contracts.campaign import AddOn, AddOnVariant
from contracts.live import LiveTier
from contracts.money import cents_to_dollars
from services.site.public.diary import written_at
from services.site.public.language import LANGUAGES, prefix
from services.site.public.state import CampaignState
from services.site.routes.answers import READ
from services.site.routes.site import Site, SiteNeeded

KEPT = "public, max-age=60"
PLAIN_PAGES = ("/", "/campaigns/", "/about/", "/terms/", "/privacy/")
ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /manage/
Disallow: /es/manage/
Disallow: /checkout-intent/
Disallow: /live/

Sitemap: {base}/sitemap.xml
"""


@route("/robots.txt", http_method=READ)
async def robots(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
    """Say what crawlers may read."""
    body = ROBOTS.format(base=site.site_base).encode()
    return _kept(request, body, "text/plain")


@route("/sitemap.xml", http_method=READ)
async def sitemap(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
    """List every public page in each language; a film with the day its makers last wrote."""
    plain = "".join(_entry(site.site_base, path) for path in PLAIN_PAGES)
    now = site.clock.now()
    entries = plain + "".join(
        _entry(site.site_base, f"/campaigns/{state.slug}/", written_at(state, now))
        for state in site.world.listed()
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{entries}</urlset>\n'
    )
    return _kept(request, body.encode(), "application/xml")


@route("/api/campaigns.json", http_method=READ)
async def catalogue(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
    """Return the public catalogue; prices and goals are dollars, as in the campaign files."""
    body = msgspec.json.encode({"campaigns": [_listed(site, each) for each in _sorted(site)]})
    return _kept(request, body, "application/json")


@route("/api/add-ons.json", http_method=READ)
async def add_ons(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
    """Return the platform's own products, in dollars as in its file, and what is left of each.

    Nothing while they are switched off.
    """
    platform, left = site.world.platform, site.world.add_on_stock()
    sold = platform.add_ons if platform.add_ons_enabled else ()
    body = {
        "enabled": platform.add_ons_enabled,
        "lowStockThreshold": platform.add_ons_low_stock,
        "products": [_product(each, left) for each in sold],
    }
    return _kept(request, msgspec.json.encode(body), "application/json")


def _product(product: AddOn, left: dict[str, LiveTier]) -> dict[str, object]:
    name = product.product_id
    return {
        "id": name,
        "name": product.name,
        "price": cents_to_dollars(product.price_cents),
        "category": product.category,
        "remaining": left[name].remaining if name in left else None,
        "variants": [
            _variant(product, variant, left.get(f"{name}__variant__{variant.variant_id}"))
            for variant in product.variants
        ],
    }


def _variant(product: AddOn, variant: AddOnVariant, left: LiveTier | None) -> dict[str, object]:
    own = variant.price_cents
    return {
        "id": variant.variant_id,
        "label": variant.label,
        "price": cents_to_dollars(product.price_cents if own is None else own),
        "remaining": left.remaining if left else None,
    }


def _sorted(site: Site) -> list[CampaignState]:
    return sorted(site.world.listed(), key=lambda state: (state.definition.deadline_at, state.slug))


def _listed(site: Site, state: CampaignState) -> dict[str, object]:
    definition, content = state.definition, state.content
    wide = content.wide or content.square
    image = wide.url if wide else ""
    shown = site.board.get(state.slug)
    return {
        "slug": state.slug,
        "title": definition.title,
        "url": f"{site.site_base}/campaigns/{state.slug}/",
        "creatorName": definition.creator_name,
        "category": definition.category,
        "shortBlurb": content.blurb_text,
        "image": image if "://" in image or not image else site.site_base + image,
        "state": shown.state if shown else definition.state_at(site.clock.now()),
        "startsAt": definition.starts_at,
        "deadline": definition.deadline_at,
        "timezone": definition.timezone,
        "goalAmount": cents_to_dollars(definition.goal_cents),
        "currency": definition.currency,
        "version": definition.version,
        "singleTierOnly": definition.single_tier_only,
        "tiers": [
            {
                "id": tier.tier_id,
                "name": tier.name,
                "price": cents_to_dollars(tier.price_cents),
                "category": tier.category,
                "limitTotal": tier.limit_total,
                "stackable": tier.is_stackable,
            }
            for tier in definition.tiers
        ],
        "supportItems": [
            {
                "id": item.item_id,
                "label": item.label,
                "target": cents_to_dollars(item.target_cents),
            }
            for item in definition.support_items
        ],
    }


@route("/sitemap.txt", http_method=READ)
async def sitemap_text(request: Request[Any, Any, Any], site: SiteNeeded) -> ASGIResponse:
    """List the same pages as lines."""
    paths = [*PLAIN_PAGES, *(f"/campaigns/{state.slug}/" for state in site.world.listed())]
    lines = [site.site_base + prefix(language) + path for path in paths for language in LANGUAGES]
    return _kept(request, "\n".join([*lines, ""]).encode(), "text/plain")


def _entry(base: str, path: str, changed: datetime | None = None) -> str:
    day = f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else ""
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}"'
        f' href="{escape(base + prefix(language) + path)}"/>'
        for language in LANGUAGES
    )
    return "".join(
        f"<url><loc>{escape(base + prefix(language) + path)}</loc>{day}{links}</url>\n"
        for language in LANGUAGES
    )


def _kept(request: Request[Any, Any, Any], body: bytes, media_type: str) -> ASGIResponse:
    headers = {"cache-control": KEPT, "content-length": str(len(body))}
    is_head = request.method == "HEAD"
    return ASGIResponse(
        body=b"" if is_head else body,
        media_type=media_type,
        headers=headers,
        is_head_response=is_head,
    )
