"""The things a page lists: rewards, budget lines, campaign cards, diary entries, votes."""

from datetime import datetime

from markupsafe import Markup

from contracts.campaign import SupportItem, Tier
from services.site.public import formatting
from services.site.public.kinds import kind_line
from services.site.public.language import Language, catalogue, prefix
from services.site.public.late import SUPPORT, late_items
from services.site.public.list_views import CampaignCard
from services.site.public.state import CampaignState, Stage, TierContent
from services.site.public.views import (
    BudgetLine,
    BudgetPart,
    Fact,
    TierCard,
    TierState,
    Vote,
)
from services.site.public.waterline import small_waterline

QUANTITY_MAX = 99


def tier_cards(state: CampaignState, stage: Stage, language: Language) -> tuple[TierCard, ...]:
    """Return the rewards: what is still open, the featured one, then from the cheapest up."""
    featured = state.content.featured_tier_id
    late = late_items(state, stage)
    ordered = sorted(
        state.definition.tiers,
        key=lambda tier: (
            bool(late) and tier.tier_id not in late,
            tier.tier_id != featured,
            tier.price_cents,
        ),
    )
    return tuple(_tier_card(state, stage, language, tier) for tier in ordered)


def remaining(state: CampaignState, tier: Tier) -> int | None:
    """Return how many of a limited tier are left, None when it is unlimited."""
    if tier.limit_total is None:
        return None
    stock = state.stock.get(tier.tier_id)
    return max(0, stock.remaining if stock else tier.limit_total)


def tier_state(state: CampaignState, stage: Stage, tier: Tier) -> TierState:
    """Return which of its looks a reward has now."""
    if stage == "upcoming":
        return "upcoming"
    is_late = tier.tier_id in late_items(state, stage)
    if stage != "live" and not is_late:
        return "counting" if stage == "closing" else "ended"
    if tier.is_sold_out or remaining(state, tier) == 0:
        return "sold_out"
    if state.pledged_cents < (tier.requires_threshold_cents or 0):
        return "ended" if is_late else "locked"
    if is_late:
        return "late"
    return "available" if tier.requires_threshold_cents is None else "opened"


def _tier_card(state: CampaignState, stage: Stage, language: Language, tier: Tier) -> TierCard:
    looks = tier_state(state, stage, tier)
    left = remaining(state, tier)
    content = state.content.tiers.get(tier.tier_id, TierContent())
    stackable_max = QUANTITY_MAX if left is None else min(QUANTITY_MAX, left)
    return TierCard(
        tier_id=tier.tier_id,
        item_id=f"{state.slug}__{tier.tier_id}",
        name=tier.name,
        price=formatting.money(tier.price_cents),
        description=content.description,
        picture=content.picture,
        state=looks,
        facts=_tier_facts(state, looks, tier, language),
        button=_tier_button(state, looks, tier, language),
        is_enabled=looks in ("available", "opened", "late"),
        is_featured=looks == "available" and tier.tier_id == state.content.featured_tier_id,
        quantity_max=max(1, stackable_max) if tier.is_stackable else 1,
        is_physical=tier.category == "physical",
    )


def _tier_facts(
    state: CampaignState, looks: TierState, tier: Tier, language: Language
) -> tuple[Fact, ...]:
    texts = catalogue(language)
    if tier.category == "physical":
        facts = [Fact(icon="package", text=texts.gettext("Posted to you"))]
    else:
        facts = [Fact(icon="mail", text=texts.gettext("By email"))]
    threshold = formatting.money(tier.requires_threshold_cents or 0)
    if looks == "locked":
        sentence = texts.gettext("Opens when pledges reach %(amount)s") % {"amount": threshold}
        return (*facts, Fact(icon="lock", text=sentence))
    if looks == "opened":
        sentence = texts.gettext("Open since %(amount)s") % {"amount": threshold}
        facts.append(Fact(icon="lock-open", text=sentence))
    left, limit = remaining(state, tier), tier.limit_total
    if left is None or limit is None or looks in ("counting", "ended"):
        return tuple(facts)
    return (*facts, stock_fact(left, limit, tier.tier_id, language))


def stock_fact(left: int, limit: int, tier_id: str, language: Language) -> Fact:
    """Return what is left as a fact; the last tenth is told in another colour, not louder."""
    texts = catalogue(language)
    if left == 0:
        text = texts.gettext("All %(limit)s taken") % {"limit": f"{limit:,}"}
        return Fact(icon="ticket", text=text, key=tier_id)
    text = texts.gettext("%(left)s of %(limit)s left") % {
        "left": f"{left:,}",
        "limit": f"{limit:,}",
    }
    is_low = left * 10 <= limit
    return Fact(icon="ticket", text=text, tone="lamp" if is_low else "plain", key=tier_id)


def _tier_button(state: CampaignState, looks: TierState, tier: Tier, language: Language) -> str:
    texts = catalogue(language)
    definition = state.definition
    if looks == "upcoming":
        opens = formatting.weekday(definition.starts_at, definition.timezone, language)
        return texts.gettext("Opens %(day)s") % {"day": opens}
    if looks == "locked":
        amount = formatting.money(tier.requires_threshold_cents or 0)
        return texts.gettext("Opens at %(amount)s") % {"amount": amount}
    if looks in ("available", "opened"):
        amount = formatting.money(tier.price_cents)
        return texts.gettext("Pledge %(amount)s") % {"amount": amount}
    if looks == "late":
        amount = formatting.money(tier.price_cents)
        return texts.gettext("Pay %(amount)s now") % {"amount": amount}
    words = {
        "sold_out": texts.gettext("Sold out"),
        "counting": texts.gettext("Being counted"),
        "ended": texts.gettext("Campaign closed"),
    }
    return words[looks]


def budget_parts(state: CampaignState, stage: Stage) -> tuple[BudgetPart, ...]:
    """Return the budget with what is pledged towards it: what stands alone, then the phases."""
    items = {item.item_id: item for item in state.definition.support_items}
    phased = {item_id for phase in state.content.phases for item_id in phase.item_ids}
    alone = [item for item_id, item in items.items() if item_id not in phased]
    parts = [("", alone)]
    for phase in state.content.phases:
        parts.append((phase.name, [items[each] for each in phase.item_ids if each in items]))
    return tuple(_budget_part(state, stage, name, part) for name, part in parts if part or name)


def _budget_part(
    state: CampaignState, stage: Stage, name: str, items: list[SupportItem]
) -> BudgetPart:
    pledged = sum(state.support_item_cents.get(item.item_id, 0) for item in items)
    target = sum(item.target_cents for item in items)
    return BudgetPart(
        name=name,
        pledged=formatting.money(pledged),
        target=formatting.money(target),
        filled=_filled(pledged, target),
        lines=tuple(_budget_line(state, stage, item) for item in items),
    )


def _filled(pledged: int, target: int) -> str:
    share = min(100.0, pledged * 100 / target) if target else 0.0
    return f"{share:.2f}%"


def _budget_line(state: CampaignState, stage: Stage, item: SupportItem) -> BudgetLine:
    pledged = state.support_item_cents.get(item.item_id, 0)
    rest = max(0, item.target_cents - pledged)
    is_late = f"{SUPPORT}{item.item_id}" in late_items(state, stage)
    return BudgetLine(
        item_id=f"{state.slug}__support__{item.item_id}",
        key=item.item_id,
        label=item.label,
        need=state.content.support_needs.get(item.item_id, Markup("")),
        pledged=formatting.money(pledged),
        target=formatting.money(item.target_cents),
        filled=_filled(pledged, item.target_cents),
        rest=formatting.money(rest),
        is_open=(stage == "live" or is_late) and rest > 0,
        is_full=rest == 0,
    )


def votes(state: CampaignState, now: datetime, language: Language) -> tuple[Vote, ...]:
    """Return the decisions as strangers may see them, open ones first."""
    texts = catalogue(language)
    zone = state.definition.timezone
    found = []
    for decision in state.definition.decisions:
        closes = decision.closes_at
        is_open = decision.status == "open" and (closes is None or now < closes)
        when = ""
        if is_open and closes is not None:
            closing_day = formatting.day(formatting.last_minute(closes), zone, language)
            when = texts.gettext("open until %(day)s") % {"day": closing_day}
        elif not is_open:
            when = texts.gettext("closed")
        kind = texts.gettext("Vote") if decision.kind == "vote" else texts.gettext("Poll")
        found.append(Vote(title=decision.title, kind=kind, when=when, is_open=is_open))
    return tuple(sorted(found, key=lambda vote: not vote.is_open))


def campaign_card(state: CampaignState, now: datetime, language: Language) -> CampaignCard:
    """Return a campaign as the home page shows it."""
    stage = state.stage_at(now)
    status, note = _outcome(state, stage, language)
    goal = formatting.money(state.definition.goal_cents)
    return CampaignCard(
        slug=state.slug,
        url=f"{prefix(language)}/campaigns/{state.slug}/",
        title=state.definition.title,
        kind=kind_line(state, language),
        blurb=state.content.blurb,
        square=state.content.square,
        wide=state.content.wide or state.content.square,
        stage=stage,
        pledged=formatting.money(state.pledged_cents),
        goal=goal,
        of_goal=catalogue(language).gettext("of %(goal)s") % {"goal": goal},
        when=formatting.days_left(state.definition.deadline_at, now, language),
        status=status,
        note=note,
        waterline=small_waterline(state, stage, language),
    )


def _outcome(state: CampaignState, stage: Stage, language: Language) -> tuple[str, str]:
    """Return the bold words and the quiet line of a campaign that is not live."""
    texts = catalogue(language)
    definition = state.definition
    if stage == "upcoming":
        opens = formatting.weekday(definition.starts_at, definition.timezone, language)
        return texts.gettext("Opens %(day)s") % {"day": opens}, ""
    if stage == "funded":
        people = texts.ngettext(
            "%(num)s person made it happen",
            "%(num)s people made it happen",
            state.supporter_count,
        ) % {"num": f"{state.supporter_count:,}"}
        return texts.gettext("Funded"), people
    if stage == "closing":
        return texts.gettext("Closed, counting"), ""
    if stage == "cancelled":
        return texts.gettext("Ended early"), texts.gettext("Nobody was charged")
    if stage == "not_funded":
        return texts.gettext("Not funded"), texts.gettext("Nobody was charged")
    return "", ""
