"""What settings are called, and what they do. Pure."""

from collections.abc import Mapping
from gettext import NullTranslations

from services.site.public.language import Language, catalogue


def section_name(name: str, language: Language) -> str:
    """Return what a section is called."""
    texts = catalogue(language)
    return {
        "platform": texts.gettext("Platform"),
        "pricing": texts.gettext("Prices and tax"),
        "tax": texts.gettext("Tax table"),
        "shipping": texts.gettext("Shipping"),
        "countries": texts.gettext("Countries and classes"),
        "products": texts.gettext("Products"),
        "recovery": texts.gettext("Failed cards"),
        "reports": texts.gettext("Reports by mail"),
        "design": texts.gettext("Design"),
        "file": texts.gettext("The whole file"),
        "secrets": texts.gettext("Secrets"),
        "diagnostics": texts.gettext("Diagnostics"),
    }[name]


def label(path: str, language: Language) -> str:
    """Return what a setting is called."""
    return _labels(catalogue(language)).get(path) or path


def help_of(path: str, language: Language) -> str:
    """Return what a setting does, empty where its name says it."""
    return _helps(catalogue(language)).get(path, "")


def choice_name(path: str, choice: str, language: Language) -> str:
    """Return what one of a setting's choices is called."""
    texts = catalogue(language)
    known: Mapping[str, str] = {
        "true": texts.gettext("Yes"),
        "false": texts.gettext("No"),
        "en": "English",
        "es": "Español",
        "flat": texts.gettext("One rate for everybody"),
        "table": texts.gettext("By state and country, see “Tax table”"),
        "fallback": texts.gettext("Charge the flat rate"),
        "refuse": texts.gettext("Take no order to be posted"),
        "RETAIL": texts.gettext("As at the counter"),
        "COMMERCIAL": texts.gettext("As for businesses"),
    }
    return known.get(choice, choice)


def _labels(texts: NullTranslations) -> dict[str, str]:
    return {**_plain_labels(texts), **_colour_labels(texts)}


def _plain_labels(texts: NullTranslations) -> dict[str, str]:
    return {
        "platform_name": texts.gettext("Name of the site"),
        "company_name": texts.gettext("Company"),
        "support_email": texts.gettext("Address for questions"),
        "timezone": texts.gettext("Time zone"),
        "languages": texts.gettext("Languages"),
        "pricing.sales_tax_rate": texts.gettext("Sales tax"),
        "pricing.tax_provider": texts.gettext("Which tax"),
        "pricing.default_tip_percent": texts.gettext("Tip to begin with, in percent"),
        "pricing.max_tip_percent": texts.gettext("Largest tip, in percent"),
        "shipping.fallback_flat_rate": texts.gettext("Flat rate, in dollars"),
        "shipping.free_shipping": texts.gettext("Free shipping"),
        "shipping.origin_postal_code": texts.gettext("Posted from: ZIP"),
        "shipping.origin_country": texts.gettext("Posted from: country"),
        "shipping.usps.enabled": texts.gettext("Ask USPS for prices"),
        "shipping.usps.timeout_ms": texts.gettext("Wait for USPS, in milliseconds"),
        "shipping.usps.price_type": texts.gettext("Prices of USPS"),
        "shipping.usps.cache_seconds": texts.gettext("Keep a price, in seconds"),
        "shipping.usps.cooldown_seconds": texts.gettext("Pause after a failure, in seconds"),
        "shipping.usps.busy_cooldown_seconds": texts.gettext("Pause when told to wait, in seconds"),
        "shipping.usps.when_away": texts.gettext("While USPS is away"),
        "recovery.window_days": texts.gettext("Days to replace a card that failed"),
        "reports.enabled": texts.gettext("Send reports to whoever runs a campaign"),
        "reports.send_time": texts.gettext("At what time of the day"),
        "reports.subject_prefix": texts.gettext("What subjects begin with"),
        "reports.daily_pledge_report": texts.gettext("Pledges, every day of a campaign"),
        "reports.fulfillment_report": texts.gettext("What is owed to whom, once after a campaign"),
        "reports.stats_summary": texts.gettext("With the figures in the mail"),
        "reports.csv_attachment": texts.gettext("With a CSV file"),
        "branding.font_body": texts.gettext("Typefaces of texts"),
        "branding.font_display": texts.gettext("Typefaces of headings"),
        "branding.layout_max_width": texts.gettext("Width of pages"),
        "branding.radius_sm": texts.gettext("Corners, smallest"),
        "branding.radius_chip": texts.gettext("Corners of signs"),
        "branding.radius_md": texts.gettext("Corners of buttons"),
        "branding.radius_lg": texts.gettext("Corners of cards"),
        "branding.radius_xl": texts.gettext("Corners, largest"),
    }


def _colour_labels(texts: NullTranslations) -> dict[str, str]:
    names = {
        "color_text": texts.gettext("Text"),
        "color_text_strong": texts.gettext("Headings and figures"),
        "color_text_muted": texts.gettext("Text beside"),
        "color_text_soft": texts.gettext("Text, softest"),
        "color_page_background": texts.gettext("Page"),
        "color_surface_base": texts.gettext("Cards"),
        "color_surface_subtle": texts.gettext("Sunken areas"),
        "color_surface_soft": texts.gettext("Track of the bar"),
        "color_surface_strong": texts.gettext("Sunken areas, stronger"),
        "color_overlay": texts.gettext("Behind a drawer"),
        "color_overlay_soft": texts.gettext("Shade"),
        "color_overlay_strong": texts.gettext("Shadow"),
        "color_border": texts.gettext("Lines"),
        "color_border_soft": texts.gettext("Lines, softer"),
        "color_border_strong": texts.gettext("Edges of fields"),
        "color_primary": texts.gettext("Links and main buttons"),
        "color_primary_hover": texts.gettext("Main buttons under the pointer"),
        "color_primary_soft": texts.gettext("Ground of what is chosen"),
        "color_primary_border": texts.gettext("Edge of what is chosen"),
        "color_primary_focus_ring": texts.gettext("Ring around what is in focus"),
        "color_progress": texts.gettext("Pledged, in the bar"),
        "color_success": texts.gettext("Good news"),
        "color_danger_soft": texts.gettext("Ground of bad news"),
        "color_danger_softer": texts.gettext("Ground of bad news, softer"),
        "surface_tint_softer": texts.gettext("Tint, softest"),
        "surface_tint_soft": texts.gettext("Tint, soft"),
        "surface_tint_medium": texts.gettext("Tint, medium"),
        "surface_tint_hover": texts.gettext("Tint under the pointer"),
        "surface_tint_strong": texts.gettext("Tint, strong"),
    }
    return {f"branding.{key}": name for key, name in names.items()}


def _helps(texts: NullTranslations) -> dict[str, str]:
    return {
        "support_email": texts.gettext("Stands on pages and in mails; answers to mails go there."),
        "timezone": texts.gettext(
            "Campaigns begin and end by it. Those that have begun keep their deadlines."
        ),
        "languages": texts.gettext("English is always there: every text falls back to it."),
        "pricing.sales_tax_rate": texts.gettext("As a rate: 0.07875 is 7.875 per cent."),
        "shipping.fallback_flat_rate": texts.gettext("For each parcel no carrier has a price for."),
        "shipping.usps.enabled": texts.gettext("Needs USPS_CLIENT_ID and USPS_CLIENT_SECRET."),
        "recovery.window_days": texts.gettext(
            "Between 3 and 21. Afterwards a pledge counts as lost."
        ),
        "reports.send_time": texts.gettext(
            "In the time zone of the platform; 20:00 at the latest."
        ),
        "branding.font_body": texts.gettext("A list, with commas; ours come after it."),
        "branding.font_display": texts.gettext("A list, with commas; ours come after it."),
    }
