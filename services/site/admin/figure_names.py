"""What figures, breakdowns and their rows are called, and what each says. Pure."""

from collections.abc import Callable
from functools import cache, partial

from contracts.api.analytics import BreakdownName, BreakdownRow
from services.site.admin.stages import pledge_sign
from services.site.public.language import NAMES, Language, catalogue


def words(language: Language) -> dict[str, Callable[..., str]]:
    """Return what templates call these names by."""
    named = (kind_name, money_name, money_note, breakdown_name, row_name)
    return {each.__name__: partial(each, language=language) for each in named}


def kind_name(kind: str, language: Language) -> str:
    """Return how sure a figure is."""
    texts = catalogue(language)
    return {
        "actual": texts.gettext("actual"),
        "estimated": texts.gettext("estimated"),
        "mixed": texts.gettext("partly estimated"),
    }[kind]


def money_name(name: str, language: Language) -> str:
    """Return what a line of the table of money is called."""
    return _money_names(language)[name][0]


def money_note(name: str, language: Language) -> str:
    """Return what a line of the table of money says; empty where its name says it."""
    return _money_names(language)[name][1]


def breakdown_name(name: BreakdownName, language: Language) -> str:
    """Return what pledges are told apart by."""
    texts = catalogue(language)
    return {
        "status": texts.gettext("State"),
        "fulfillment": texts.gettext("What is sent"),
        "language": texts.gettext("Language"),
        "ref": texts.gettext("Referral code"),
        "utm_source": texts.gettext("Source"),
        "utm_medium": texts.gettext("Medium"),
        "utm_campaign": texts.gettext("Their campaign"),
        "utm_content": texts.gettext("Content"),
    }[name]


def row_name(name: BreakdownName, row: BreakdownRow, language: Language) -> str:
    """Return what the pledges of a row have in common."""
    texts = catalogue(language)
    if row.is_rest:
        return texts.gettext("All others")
    if not row.key:
        return texts.gettext("Nothing known")
    if name == "status":
        return pledge_sign(row.key, language).text
    if name == "language":
        return next((said for each, said in NAMES.items() if each == row.key), row.key)
    if name == "fulfillment":
        physical, digital = texts.gettext("By post"), texts.gettext("Nothing by post")
        return physical if row.key == "physical" else digital
    return row.key


@cache
def _money_names(language: Language) -> dict[str, tuple[str, str]]:
    texts = catalogue(language)
    return {
        "campaign": (
            texts.gettext("For the campaign"),
            texts.gettext("Rewards, support and campaign add-ons: what counts toward the goal."),
        ),
        "campaign_add_ons": (
            texts.gettext("Of it campaign add-ons"),
            texts.gettext("A part of the line above."),
        ),
        "platform_add_ons": (
            texts.gettext("Platform add-ons"),
            texts.gettext("What the platform sells beside campaigns."),
        ),
        "tips": (texts.gettext("Tips for the platform"), ""),
        "tax": (texts.gettext("Tax"), ""),
        "shipping": (texts.gettext("Shipping"), ""),
        "total": (
            texts.gettext("From people’s cards"),
            texts.gettext("All of the above, campaign add-ons once."),
        ),
        "fees": (
            texts.gettext("Stripe’s fees"),
            texts.gettext("As Stripe’s books say; until they do, 2.9 % and 30 cents a charge."),
        ),
        "returned": (
            texts.gettext("Gone back"),
            texts.gettext("Refunded, or withdrawn by a bank."),
        ),
        "dispute_fees": (texts.gettext("Fees of disputes"), ""),
        "net": (
            texts.gettext("Left"),
            texts.gettext("Without fees and what went back."),
        ),
        "campaign_net": (
            texts.gettext("Of it the campaign’s"),
            texts.gettext("Fees are shared in proportion to the sums they were taken from."),
        ),
        "platform_net": (texts.gettext("Of it the platform’s"), ""),
        "tax_net": (texts.gettext("Of it tax"), ""),
        "shipping_net": (texts.gettext("Of it shipping"), ""),
    }
