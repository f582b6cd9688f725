"""What a funded film still sells once its cards were charged. It is charged at once. Pure.

Source: decisions "Cards and charges", late support. Checkout decides; pages follow.
"""

from services.site.public.state import CampaignState, Stage

CUSTOM = "custom-support"
SUPPORT = "support__"


def late_items(state: CampaignState, stage: Stage) -> frozenset[str]:
    """Return what can be had after a film's end, as carts name it behind the film's name.

    Empty before the film is settled, and for a film that leaves nothing open.
    """
    if stage != "funded" or not state.is_settled:
        return frozenset()
    definition = state.definition
    tiers = {tier.tier_id for tier in definition.tiers if tier.late_support}
    support = {f"{SUPPORT}{item.item_id}" for item in definition.support_items if item.late_support}
    custom = {CUSTOM} if definition.custom_late_support else set[str]()
    return frozenset(tiers | support | custom)
