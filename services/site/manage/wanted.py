"""A change in the making: the pledge, what is typed, and what it would cost. Pure."""

import msgspec

from contracts.api.pledges import ChangePreview, LinkedRecord
from services.site.cart.shop import Shop
from services.site.manage.changes import Row, basket_of_preview, basket_of_record, differences
from services.site.manage.form import ManageForm, whole
from services.site.public.language import Language, catalogue
from services.site.public.state import CampaignState


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change in the making: the pledge, what is typed, and what it would cost if known."""

    record: LinkedRecord
    form: ManageForm
    preview: ChangePreview | None
    shop: Shop
    language: Language
    key: str = ""
    confirms: bool = False

    @property
    def state(self) -> CampaignState | None:
        """Return the campaign as it stands."""
        return self.shop.campaign(self.record.campaign_slug)

    def changes(self) -> tuple[Row, ...]:
        """Return what would be another than it is, the address included."""
        if self.preview is None:
            return ()
        before = basket_of_record(self.record)
        rows = differences(before, basket_of_preview(self.preview, self.record), self.language)
        return (*rows, *_said_anew(self))


def is_single(state: CampaignState | None) -> bool:
    """Tell whether a campaign takes one reward for a pledge."""
    return state is not None and state.definition.single_tier_only


def is_posted(change: Change) -> bool:
    """Tell whether anything that is chosen is posted."""
    definition = change.state.definition if change.state else None
    physical = {
        tier.tier_id
        for tier in (definition.tiers if definition else ())
        if tier.category == "physical"
    }
    single = is_single(change.state)
    chosen = (
        {change.form.one_tier}
        if single
        else {name for name, typed in change.form.tiers.items() if whole(typed)}
    )
    extras = (change.shop.thing(name) for name, typed in change.form.extras.items() if whole(typed))
    is_held = any(line.is_physical for line in (change.preview.lines if change.preview else ()))
    return bool(physical & chosen) or is_held or any(each and each.is_physical for each in extras)


def _said_anew(change: Change) -> tuple[Row, ...]:
    """Return what changes besides things and sums: where it goes, what was answered."""
    texts = catalogue(change.language)
    rows = []
    before = msgspec.to_builtins(change.record.shipping_address or {})
    after = {name: text for name, text in change.form.address.items()}
    if after.get("address1") and any(text != before.get(name, "") for name, text in after.items()):
        rows.append(
            Row(label=texts.gettext("Where it goes"), before=_place(before), after=_place(after))
        )
    held = {line.item_id: line.answers for line in change.record.lines if line.answers}
    for tier_id, given in change.form.answers.items():
        for question, text in given.items():
            was = held.get(tier_id, {}).get(question, "")
            if text.strip() != was:
                rows.append(Row(label=question, before=was or texts.gettext("none"), after=text))
    return tuple(rows)


def _place(address: dict[str, str]) -> str:
    known = (address.get(name, "") for name in ("address1", "city", "postalCode", "country"))
    return ", ".join(part for part in known if part)
