"""Reading `platform.yml`. Source: interfaces, "Shapes"; everything is optional."""

import msgspec

from contracts.campaign import (
    AddOn,
    CarrierRules,
    PlatformDefinition,
    ReportRules,
    TaxProvider,
    TaxTable,
)
from contracts.money import TIP_PERCENT_DEFAULT, TIP_PERCENT_MAX, Cents
from services.site.public.theme import mail_look
from services.site.publishing import calendar, campaign_fields, price_fields, report_fields
from services.site.publishing.branding import BRANDING
from services.site.publishing.model import AddOnText, Mistake, PlatformDocument
from services.site.publishing.reading import Reader, Record, Sheet, Value, parse, record, several
from services.site.publishing.scalars import (
    choice,
    dollars,
    email,
    flag,
    required_text,
    text,
    whole,
)

LANGUAGES = ("en", "es")


def platform_default(timezone: str) -> PlatformDocument:
    """Return what holds where no file says otherwise."""
    return PlatformDocument(definition=PlatformDefinition(version=0, timezone=timezone))


def read_platform(
    raw: bytes, *, file: str, timezone: str
) -> tuple[PlatformDocument | None, list[Mistake]]:
    """Return the platform's settings, or every mistake. The version is 0.

    `timezone` is what the deployment is set to; the file may say otherwise.
    """
    sheet = Sheet(file)
    default = platform_default(timezone)
    try:
        written = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        sheet.wrong(0, "", "is not UTF-8 text")
        return None, sheet.mistakes
    value = parse(written, sheet)
    document = default
    if value is not None and not value.is_null:
        document = record(lambda fields: _document(fields, timezone), default).of(value)
    if sheet.mistakes:
        return None, sorted(sheet.mistakes, key=lambda each: each.line)
    return document, []


def _document(fields: Record, timezone: str) -> PlatformDocument:
    pricing = fields.get("pricing", record(_pricing, NO_PRICING), NO_PRICING)
    shipping = fields.get("shipping", record(_shipping, NO_SHIPPING), NO_SHIPPING)
    enabled, low_stock, products = fields.get("add_ons", record(_add_ons, NO_ADD_ONS), NO_ADD_ONS)
    branding = fields.get("branding", BRANDING, {})
    # Its reader checks it in the service that uses it.
    fields.skip(["late_support"])
    definition = PlatformDefinition(
        version=0,
        platform_name=fields.get("platform_name", required_text(80), "The Pool"),
        company_name=fields.get("company_name", text(160), ""),
        support_email=fields.get("support_email", email, ""),
        timezone=fields.get("timezone", Reader(_timezone, timezone), timezone),
        languages=_with_default(fields.get("languages", several(choice(LANGUAGES)), ())),
        sales_tax_rate=pricing.sales_tax_rate,
        tax_provider=pricing.tax_provider,
        tax_table=pricing.tax_table,
        tip_percent_default=pricing.tip_percent_default,
        tip_percent_max=pricing.tip_percent_max,
        shipping_fallback_cents=shipping.fallback_cents,
        free_shipping=shipping.is_free,
        origin_postal_code=shipping.origin_postal_code,
        origin_country=shipping.origin_country,
        shipping_countries=shipping.countries,
        carrier=shipping.carrier,
        recovery_window_days=fields.get("recovery", record(_recovery, 7), 7),
        reports=fields.get("reports", report_fields.REPORTS, ReportRules()),
        add_ons_enabled=enabled,
        add_ons_low_stock=low_stock,
        add_ons=tuple(add_on for add_on, _ in products),
        mail_look=mail_look(branding),
    )
    return PlatformDocument(
        definition=definition,
        branding=branding,
        add_on_texts={add_on.product_id: words for add_on, words in products},
    )


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """The part `pricing` of the file."""

    sales_tax_rate: str = "0.07875"
    tax_provider: TaxProvider = "flat"
    tax_table: TaxTable | None = None
    tip_percent_default: int = TIP_PERCENT_DEFAULT
    tip_percent_max: int = TIP_PERCENT_MAX


class Shipping(msgspec.Struct, frozen=True, kw_only=True):
    """The part `shipping` of the file."""

    fallback_cents: Cents = Cents(300)
    is_free: bool = False
    origin_postal_code: str = "87120"
    origin_country: str = "US"
    countries: dict[str, Cents | None] = {}
    carrier: CarrierRules = CarrierRules()


NO_PRICING = Pricing()
NO_SHIPPING = Shipping()
AddOns = tuple[bool, int, tuple[tuple[AddOn, AddOnText], ...]]
NO_ADD_ONS: AddOns = (False, 5, ())


def _pricing(fields: Record) -> Pricing:
    provider = fields.get("tax_provider", price_fields.PROVIDER, "flat")
    tip_max = fields.get("max_tip_percent", whole, TIP_PERCENT_MAX)
    if tip_max > TIP_PERCENT_MAX:
        fields.wrong("max_tip_percent", f"is more than {TIP_PERCENT_MAX}")
    tip = fields.get("default_tip_percent", whole, min(TIP_PERCENT_DEFAULT, tip_max))
    if tip > tip_max:
        fields.wrong("default_tip_percent", "is more than the largest tip")
    return Pricing(
        sales_tax_rate=fields.get("sales_tax_rate", price_fields.RATE, NO_PRICING.sales_tax_rate),
        tax_provider=provider,
        tax_table=price_fields.tax_table(fields, provider),
        tip_percent_default=tip,
        tip_percent_max=tip_max,
    )


def _shipping(fields: Record) -> Shipping:
    postal_code, country = price_fields.origin(fields)
    carrier = fields.get("usps", price_fields.carrier, NO_SHIPPING.carrier)
    if carrier.is_enabled and country != "US":
        fields.wrong("usps", "posts from the United States only; see origin_country")
    return Shipping(
        fallback_cents=fields.get("fallback_flat_rate", dollars, NO_SHIPPING.fallback_cents),
        is_free=fields.get("free_shipping", flag, False),
        origin_postal_code=postal_code,
        origin_country=country,
        countries=price_fields.countries(fields),
        carrier=carrier,
    )


def _recovery(fields: Record) -> int:
    days = fields.get("window_days", whole, 7)
    if not 3 <= days <= 21:
        fields.wrong("window_days", "is not between 3 and 21")
    return days


def _add_ons(fields: Record) -> AddOns:
    return (
        fields.get("enabled", flag, False),
        fields.get("low_stock_threshold", whole, 5),
        fields.get("products", campaign_fields.add_ons, ()),
    )


def _timezone(value: Value) -> str:
    name = value.scalar().strip()
    calendar.zone_named(name)
    return name


def _with_default(languages: tuple[str, ...]) -> tuple[str, ...]:
    """English is always there: it is what every text falls back to."""
    if not languages:
        return LANGUAGES
    return tuple(dict.fromkeys(("en", *languages)))
