"""What can be in a cart: every id of a form looked up in the campaigns as they stand. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from contracts.campaign import AddOn, CampaignDefinition, PlatformDefinition, SupportItem, Tier
from contracts.ids import CampaignSlug
from contracts.pricing import LineKind
from services.site.cart.form import CartForm
from services.site.public.add_ons import ADD_ON, VARIANT_MARK, add_on_id, configured
from services.site.public.cards import QUANTITY_MAX, remaining
from services.site.public.late import late_items
from services.site.public.state import AddOnContent, CampaignState, Picture


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something a tier asks, such as the preferred frame number."""

    name: str
    kind: str
    is_required: bool
    choices: tuple[str, ...]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be in a cart. `slug` is empty for the platform's own products.

    `left` is how many can still be had as far as pages know, None when nobody counts.
    """

    item_id: str
    kind: LineKind
    slug: str
    name: str
    variant: str = ""
    is_physical: bool = False
    is_stackable: bool = False
    left: int | None = None
    picture: Picture | None = None
    questions: tuple[Question, ...] = ()

    @property
    def quantity_max(self) -> int:
        """Return the largest number one cart may hold of it."""
        if not self.is_stackable:
            return 1
        return max(1, QUANTITY_MAX if self.left is None else min(QUANTITY_MAX, self.left))


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on with whose it is. `slug` is empty for the platform's own."""

    slug: str
    add_on: AddOn
    content: AddOnContent


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is for sale at one instant. `add_on_left` counts by item id."""

    campaigns: Mapping[CampaignSlug, CampaignState]
    platform: PlatformDefinition
    platform_content: Mapping[str, AddOnContent] = {}
    add_on_left: Mapping[str, int] = {}
    now: datetime

    def campaign(self, slug: str) -> CampaignState | None:
        """Return a campaign by its name."""
        return self.campaigns.get(CampaignSlug(slug))

    def late_items(self, slug: str) -> frozenset[str]:
        """Return what of a film is sold after its end and charged now; mostly nothing."""
        state = self.campaign(slug)
        return late_items(state, state.stage_at(self.now)) if state else frozenset()

    def thing(self, item_id: str) -> Thing | None:
        """Return what an id names, None when it names nothing we know."""
        slug, mark, inner = item_id.partition("__")
        if not mark or not inner:
            return None
        if item_id.startswith(ADD_ON):
            return self._add_on(item_id, inner)
        state = self.campaign(slug)
        if state is None:
            return None
        if inner == "custom-support":
            return Thing(item_id=item_id, kind="custom_amount", slug=slug, name="")
        if inner.startswith("support__"):
            item = _item(state.definition, inner.removeprefix("support__"))
            return _support(item_id, slug, item) if item else None
        tier = state.definition.tier(inner)
        return _tier(item_id, state, tier) if tier else None

    def products(self) -> Iterator[Product]:
        """Return every add-on there is: the platform's own, then the campaigns'."""
        if self.platform.add_ons_enabled:
            for add_on in self.platform.add_ons:
                content = self.platform_content.get(add_on.product_id, AddOnContent())
                yield Product(slug="", add_on=add_on, content=content)
        for slug, state in self.campaigns.items():
            for add_on in state.definition.add_ons:
                content = state.content.add_ons.get(add_on.product_id, AddOnContent())
                yield Product(slug=slug, add_on=add_on, content=content)

    def left(self, add_on: AddOn, variant_id: str = "") -> int | None:
        """Return how many of an add-on are left, None when nobody counts them."""
        known = self.add_on_left.get(add_on_id(add_on.product_id, variant_id))
        return configured(add_on, variant_id) if known is None else known

    def _add_on(self, item_id: str, inner: str) -> Thing | None:
        product_id, _, variant_id = inner.partition(VARIANT_MARK)
        product = next(
            (each for each in self.products() if each.add_on.product_id == product_id), None
        )
        if product is None:
            return None
        add_on = product.add_on
        labels = {each.variant_id: each.label for each in add_on.variants}
        if variant_id not in labels and (labels or variant_id):
            return None
        return Thing(
            item_id=item_id,
            kind="add_on",
            slug=product.slug,
            name=add_on.name,
            variant=labels.get(variant_id, ""),
            is_physical=add_on.category == "physical",
            is_stackable=True,
            left=self.left(add_on, variant_id),
            picture=product.content.picture,
        )


def product_of(item_id: str) -> str:
    """Return the product an add-on's item id names, empty for anything else."""
    if not item_id.startswith(ADD_ON):
        return ""
    return item_id.removeprefix(ADD_ON).partition(VARIANT_MARK)[0]


def tip_percent(form: CartForm, shop: Shop) -> int:
    """Return the tip of a cart: the one chosen, else the platform's default."""
    if form.tip_percent is None:
        return shop.platform.tip_percent_default
    return min(form.tip_percent, shop.platform.tip_percent_max)


def campaigns_in(form: CartForm, shop: Shop) -> tuple[CampaignState, ...]:
    """Return the campaigns a cart pledges to, in the cart's order. Add-ons alone make none."""
    slugs = dict.fromkeys(
        each.item_id.partition("__")[0]
        for each in form.items
        if not each.item_id.startswith(ADD_ON)
    )
    found = (shop.campaign(slug) for slug in slugs)
    return tuple(state for state in found if state is not None)


def lonely_add_ons(form: CartForm, shop: Shop) -> dict[str, str]:
    """Return the films' add-ons without a pledge to their film, with the film each needs."""
    slugs = {state.slug for state in campaigns_in(form, shop)}
    things = (shop.thing(each.item_id) for each in form.items)
    return {
        thing.item_id: thing.slug
        for thing in things
        if thing and thing.kind == "add_on" and thing.slug and thing.slug not in slugs
    }


def anchor_of(form: CartForm, states: tuple[CampaignState, ...]) -> str:
    """Return the campaign the platform's products go with: the one named, else the first."""
    slugs = [state.slug for state in states]
    if form.anchor in slugs:
        return form.anchor
    return slugs[0] if slugs else ""


def _tier(item_id: str, state: CampaignState, tier: Tier) -> Thing:
    return Thing(
        item_id=item_id,
        kind="tier",
        slug=state.slug,
        name=tier.name,
        is_physical=tier.category == "physical",
        is_stackable=tier.is_stackable,
        left=remaining(state, tier),
        picture=state.content.square,
        questions=tuple(
            Question(
                name=field.name,
                kind=field.kind,
                is_required=field.is_required,
                choices=field.choices,
            )
            for field in tier.fields
        ),
    )


def _support(item_id: str, slug: str, item: SupportItem) -> Thing:
    return Thing(
        item_id=item_id,
        kind="support_item",
        slug=slug,
        name=item.label,
        is_physical=item.category == "physical",
    )


def _item(definition: CampaignDefinition, item_id: str) -> SupportItem | None:
    return next((each for each in definition.support_items if each.item_id == item_id), None)
