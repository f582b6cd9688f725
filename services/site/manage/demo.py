"""A pledge in every state, made up: what `/manage/?dev` shows beside the sandbox. Pure."""

from datetime import datetime, timedelta

import msgspec

from contracts.api.figures import CardFace
from contracts.api.pledges import (
    ItemSupport,
    LinkedRecord,
    PledgeStatus,
    RecordLine,
    RecoveryShown,
)
from contracts.ids import CampaignSlug, PledgeId
from contracts.pricing import STANDARD, Address, Why
from services.site.cart.shop import Shop
from services.site.manage.form import ManageForm
from services.site.manage.page import list_page
from services.site.manage.shown import ManagePage
from services.site.public.language import Language

STATUSES: dict[str, PledgeStatus] = {
    "active": "active",
    "locked": "active",
    "payment_failed": "payment_failed",
    "needs_bank": "payment_failed",
    "charged": "charged",
    "released": "released",
    "lost": "payment_failed",
    "cancelled": "cancelled",
}
STATES = tuple(STATUSES)
TITLES = {
    "active": "The Salt Line",
    "locked": "One Last Take",
    "payment_failed": "A Kiln in Winter",
    "needs_bank": "Night Ferry",
    "charged": "The Long Intermission",
    "released": "Paper Satellites",
    "lost": "Low Tide",
    "cancelled": "Second Unit",
}


def demo_page(shop: Shop, language: Language) -> ManagePage:
    """Return the page with a sample of each state; nothing behind it can be acted on."""
    records = tuple(demo_record(state, shop.now, at) for at, state in enumerate(STATES))
    return list_page(ManageForm(token="sample"), records, shop, language)  # noqa: S106


def demo_record(state: str, now: datetime, at: int = 0) -> LinkedRecord:
    """Return a made-up pledge in one state."""
    is_over = state not in ("active", "cancelled")
    status = STATUSES[state]
    recovery = None
    if state in ("payment_failed", "needs_bank"):
        recovery = RecoveryShown(
            ends_at=now + timedelta(days=6),
            next_attempt_at=now + timedelta(days=2) if state == "payment_failed" else None,
            needs_authentication=state == "needs_bank",
        )
    created = now - timedelta(days=20, hours=at)
    return msgspec.structs.replace(
        _active(created, now + timedelta(days=9)),
        order_id=PledgeId(f"pool-intent-sample{at:06d}"),
        campaign_slug=CampaignSlug(f"sample-{state.replace('_', '-')}"),
        campaign_title=TITLES[state],
        pledge_status=status,
        charged=status == "charged",
        cancelled_at=now - timedelta(days=1) if state == "cancelled" else None,
        charged_at=now - timedelta(days=2) if state == "charged" else None,
        lost_at=now - timedelta(days=1) if state == "lost" else None,
        history=_history(status, created, now),
        can_modify=state == "active",
        can_cancel=state == "active",
        can_update_payment_method=state in ("active", "locked", "payment_failed", "needs_bank"),
        deadline=now - timedelta(days=3) if is_over else now + timedelta(days=9),
        deadline_passed=is_over,
        recovery=recovery,
    )


def _active(created: datetime, deadline: datetime) -> LinkedRecord:
    """Return a pledge of two premieres and a part of the lab, changed once."""
    return LinkedRecord(
        order_id=PledgeId("pool-intent-sample"),
        email="noor@halfmoon.example",
        preferred_lang="en",
        campaign_slug=CampaignSlug("sample"),
        campaign_title="",
        tier_id="premiere",
        tier_qty=2,
        additional_tiers=(),
        support_items=(ItemSupport(id="lab", amount=20),),
        custom_amount=0,
        bundle_add_ons=(),
        lines=_lines(),
        subtotal=7_000,
        shipping=300,
        tax=551,
        tip_percent=5,
        tip_amount=350,
        amount=8_201,
        goal_tracking_subtotal=7_000,
        bundle_add_on_subtotal=0,
        currency="usd",
        why=_why(),
        tax_details=None,
        pledge_status="active",
        charged=False,
        created_at=created,
        updated_at=created,
        cancelled_at=None,
        charged_at=None,
        lost_at=None,
        card=CardFace(brand="visa", last4="4242", exp_month=8, exp_year=2031),
        shipping_option=STANDARD,
        shipping_address=Address(
            name="Noor Haddad", address1="12 Harbor Street", postal_code="87101", country="US"
        ),
        history=(),
        revision=2,
        can_modify=True,
        can_cancel=True,
        can_update_payment_method=True,
        deadline=deadline,
        deadline_passed=False,
        recovery=None,
        returned_amount=0,
        is_late=False,
    )


def _lines() -> tuple[RecordLine, ...]:
    return (
        RecordLine(
            kind="tier",
            item_id="premiere",
            variant_id=None,
            label="Digital premiere",
            quantity=2,
            unit_amount=2_500,
            amount=5_000,
            counts_toward_goal=True,
            is_physical=True,
            answers={},
        ),
        RecordLine(
            kind="support_item",
            item_id="lab",
            variant_id=None,
            label="The lab",
            quantity=1,
            unit_amount=2_000,
            amount=2_000,
            counts_toward_goal=True,
            is_physical=False,
            answers={},
        ),
    )


def _why() -> tuple[Why, ...]:
    return (
        Why(figure="subtotal", rule="sum_of_lines", inputs={"lines": 2, "cents": 7_000}),
        Why(
            figure="tip",
            rule="percent_of_subtotal",
            inputs={"percent": 5, "baseCents": 7_000, "cents": 350},
        ),
        Why(
            figure="tax",
            rule="flat_rate",
            inputs={"rate": "0.07875", "baseCents": 7_000, "cents": 551},
        ),
        Why(figure="shipping", rule="flat_rate", inputs={"of": "campaign", "cents": 300}),
    )


def _history(status: str, created: datetime, now: datetime) -> tuple[dict[str, object], ...]:
    first: dict[str, object] = {
        "type": "created",
        "amount": 5_371,
        "tipPercent": 5,
        "tierId": "premiere",
        "tierQty": 1,
        "at": created.isoformat(),
    }
    second: dict[str, object] = {
        **first,
        "type": "modified",
        "amountDelta": 2_830,
        "tierQty": 2,
        "at": (created + timedelta(days=4)).isoformat(),
    }
    last = {"charged": "charged", "payment_failed": "charge_failed"}.get(status, status)
    if last == "active":
        return first, second
    return first, second, {**second, "type": last, "amount": 8_201, "at": now.isoformat()}
