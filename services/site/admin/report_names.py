"""What reports and their columns are called on the screen. The file keeps its own names. Pure."""

from collections.abc import Callable
from functools import cache, partial

from services.site.public.language import Language, catalogue


def words(language: Language) -> dict[str, Callable[[str], str]]:
    """Return what templates call these names by."""
    named = (report_name, report_note, column_name)
    return {each.__name__: partial(each, language=language) for each in named}


def report_name(kind: str, language: Language) -> str:
    """Return what a report is called."""
    texts = catalogue(language)
    if kind == "pledge":
        return texts.gettext("Pledges, line by line")
    return texts.gettext("What is owed to each")


def report_note(kind: str, language: Language) -> str:
    """Return what is in a report, and what it is for."""
    texts = catalogue(language)
    if kind == "pledge":
        return texts.gettext(
            "A row for everything that changed what was pledged: new pledges, changes as"
            " differences, cancellations with a minus. The rows add up to the campaign’s sum."
        )
    return texts.gettext(
        "A row for each supporter who paid and each who sends: what to send, and where. Whoever"
        " cancelled, did not pay or got everything back is not in it."
    )


def column_name(column: str, language: Language) -> str:
    """Return what a column is called; one that is new to us by its own name."""
    return _columns(language).get(column) or column.replace("_", " ")


@cache
def _columns(language: Language) -> dict[str, str]:
    texts = catalogue(language)
    return {
        "email": texts.gettext("Supporter"),
        "campaign": texts.gettext("Campaign"),
        "fulfiller": texts.gettext("Who sends it"),
        "items": texts.gettext("Items"),
        "add_on_items": texts.gettext("Add-ons"),
        "campaign_subtotal": texts.gettext("For the campaign"),
        "platform_add_on_subtotal": texts.gettext("Platform add-ons"),
        "subtotal": texts.gettext("Before tip and tax"),
        "tip_percent": texts.gettext("Tip in percent"),
        "tip": texts.gettext("Tip"),
        "tax": texts.gettext("Tax"),
        "shipping": texts.gettext("Shipping"),
        "total": texts.gettext("In total"),
        "status": texts.gettext("What happened"),
        "charged": texts.gettext("Charged"),
        "created_at": texts.gettext("When"),
        "order_id": texts.gettext("Pledge"),
        "shipping_address": texts.gettext("Where it goes"),
    }
