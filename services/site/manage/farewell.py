"""Being forgotten: what would go and what would stay, said before it is done. Pure."""

from collections.abc import Sequence

from contracts.api.pledges import PledgeRecord
from services.site.cart.answers import Refused
from services.site.cart.troubles import Trouble
from services.site.manage.changes import cents
from services.site.manage.shown import Farewell, ManagePage
from services.site.manage.standing import standing_of
from services.site.public.language import Language, catalogue
from services.site.public.views import Notice

CHARGING = ("locked", "late", "payment_failed")
"""While it stands like this a charge may be under way: whoever is charged must be told of it."""


def farewell(records: Sequence[PledgeRecord], language: Language) -> Farewell:
    """Return what is asked before anything is erased, for every pledge of the person."""
    newest = sorted(records, key=lambda each: each.created_at, reverse=True)
    return Farewell(
        pledges=tuple(
            (each.campaign_title or each.campaign_slug, _fate(each, language)) for each in newest
        ),
        goes=_goes(language),
        stays=_stays(language),
        warnings=_warnings(records, language),
        is_possible=not any(standing_of(each) in CHARGING for each in records),
    )


def erased_page(language: Language) -> ManagePage:
    """Return what is seen when nothing is left, the first time and every time after it."""
    _ = catalogue(language).gettext
    return ManagePage(
        language=language,
        mode="erased",
        said=_("Your data is erased."),
        focus="notice",
        notice=Notice(
            tone="good",
            icon="check",
            title=_("Your data is erased."),
            text=_(
                "The links in our emails open nothing any more. If a pledge was cancelled by"
                " this, one last email says so. You can pledge again at any time."
            ),
        ),
    )


def refused(no: Refused, language: Language) -> Trouble:
    """Return why nobody was erased, and what to do."""
    _ = catalogue(language).gettext
    if no.error == "charge_open":
        return Trouble(
            title=_("A pledge of yours is being charged or counted. Nothing was erased."),
            text=_("Come back when that is decided: an email tells you."),
            tone="lamp",
        )
    return Trouble(
        title=_("We can't erase anything right now."),
        text=_("Try again in a minute. Asking twice does no harm."),
        tone="lamp",
        is_passing=True,
    )


def not_gathered(language: Language) -> Trouble:
    """Return that somebody's data cannot be put together at the moment."""
    _ = catalogue(language).gettext
    return Trouble(
        title=_("We can't put your data together right now."),
        text=_("Nothing was changed. Try again in a minute."),
        tone="lamp",
        is_passing=True,
    )


def _fate(record: PledgeRecord, language: Language) -> str:
    """Return what becomes of one pledge."""
    texts = catalogue(language)
    amount = {"amount": cents(record.amount)}
    fates = {
        "active": texts.gettext("%(amount)s is cancelled at once. Nothing is charged."),
        "locked": texts.gettext("%(amount)s is being counted: nothing can be erased until then."),
        "late": texts.gettext("%(amount)s is being charged: nothing can be erased until then."),
        "payment_failed": texts.gettext(
            "%(amount)s is still to be paid: nothing can be erased until that is decided."
        ),
        "charged": texts.gettext("%(amount)s was paid and stays in the film's books, without you."),
    }
    left = texts.gettext("Nothing was charged. The line stays, without you.")
    return fates.get(standing_of(record), left) % amount


def _goes(language: Language) -> tuple[str, ...]:
    _ = catalogue(language).gettext
    return (
        _("Your email address and your postal address"),
        _("Your answers to questions, and how you are named in the credits"),
        _("Your card, here and at Stripe"),
        _("What our emails to you said"),
    )


def _stays(language: Language) -> tuple[str, ...]:
    _ = catalogue(language).gettext
    return (
        _("Amounts, dates and rewards, under a made-up name: they are the film's books"),
        _("Votes, as numbers"),
        _("At Stripe, payments that were made; who made them is forgotten there half a year later"),
        _("Messages between our computers, for up to 37 days"),
    )


def _warnings(records: Sequence[PledgeRecord], language: Language) -> tuple[str, ...]:
    texts = catalogue(language)
    warnings = []
    if any(
        standing_of(each) == "charged" and any(line.is_physical for line in each.lines)
        for each in records
    ):
        warnings.append(
            texts.gettext("A reward that was not sent yet can't be sent any more: we forget where.")
        )
    return (*warnings, texts.gettext("This can't be undone, and nobody here can bring it back."))
