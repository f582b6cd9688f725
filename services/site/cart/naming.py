"""What things in a cart are called. Pure."""

from services.site.cart.shop import Shop, Thing
from services.site.public.language import Language, catalogue


def thing_name(thing: Thing | None, language: Language) -> str:
    """Return “Frame and credit”, “Tote bag, red” or “Support: The lab”; empty for nothing."""
    texts = catalogue(language)
    if thing is None:
        return ""
    if thing.kind == "custom_amount":
        return texts.gettext("Support without a reward")
    if thing.kind == "support_item":
        return texts.gettext("Support: %(name)s") % {"name": thing.name}
    return f"{thing.name}, {thing.variant}" if thing.variant else thing.name


def line_name(kind: str, label: str, language: Language) -> str:
    """Return what a line of a receipt is called."""
    if kind == "custom_amount":
        return catalogue(language).gettext("Support without a reward")
    if kind == "support_item":
        return catalogue(language).gettext("Support: %(name)s") % {"name": label}
    return label


def film_title(slug: str, shop: Shop) -> str:
    """Return what a film is called; its slug where we know nothing else of it."""
    state = shop.campaign(slug)
    return state.definition.title if state else slug
