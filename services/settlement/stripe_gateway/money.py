"""Stripe, as far as money after the charge needs it: balances, refunds, disputes, lists."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from contracts.money import Cents
from services.chassis.stripe.client import (
    MISMATCH,
    StripeFault,
    StripeNotSent,
    StripeRefused,
    StripeUnknown,
)
from services.settlement.domain.money_back import (
    Away,
    DisputeKind,
    Financials,
    Gone,
    Lost,
    Made,
    RefundOutcome,
    RefundState,
    Refused,
    StripeCharge,
    StripeDispute,
    StripeRefund,
)
from services.settlement.domain.reconciling import TheirIntent
from services.settlement.stripe_gateway.charges import StripeGateway

PAGE = 100
NOT_REFUNDABLE = ("charge_already_refunded", "charge_disputed", "charge_not_refundable")
"""Codes that say that nothing goes back, now or ever."""

RETURNING = ("pending", "requires_action", "succeeded")


class Page(msgspec.Struct, frozen=True):
    """One page of PaymentIntents, newest first; `after` is the cursor of the next, if any."""

    intents: tuple[TheirIntent, ...]
    after: str | None


class MoneyGateway(StripeGateway):
    """The same account, over the same connections and under the same budget."""

    async def read_charge(self, stripe_charge_id: str) -> StripeCharge | Gone | Away:
        """Return a charge with its balance transaction, as far as that exists."""
        try:
            charge = await self._stripe.read(
                "charges.retrieve",
                lambda: self._stripe.api.v1.charges.retrieve_async(
                    stripe_charge_id, {"expand": ["balance_transaction"]}
                ),
            )
        except StripeFault as exc:
            return _nothing(exc)
        return _charge(charge.to_dict())

    async def list_refunds(self, payment_intent_id: str) -> list[StripeRefund] | Away:
        """Return every refund of a payment, whoever made it. Lists are never behind."""
        try:
            page = await self._stripe.read(
                "refunds.list",
                lambda: self._stripe.api.v1.refunds.list_async(
                    {"payment_intent": payment_intent_id, "limit": PAGE}
                ),
            )
        except StripeFault as exc:
            return Away(exc.reason)
        return [_refund(each.to_dict()) for each in page.data]

    async def refund(self, parameters: Mapping[str, Any], key: str) -> RefundOutcome:
        """Give money back. `Lost`: look at the list before asking again."""
        try:
            refund = await self._stripe.ask(
                "refunds.create",
                lambda: self._stripe.api.v1.refunds.create_async(
                    cast(Any, parameters), {"idempotency_key": key}
                ),
            )
        except StripeFault as exc:
            return _refund_failure(exc)
        return Made(_refund(refund.to_dict()))

    async def read_dispute(self, dispute_id: str) -> StripeDispute | Gone | Away:
        """Return a dispute with the money it moved."""
        try:
            dispute = await self._stripe.read(
                "disputes.retrieve", lambda: self._stripe.api.v1.disputes.retrieve_async(dispute_id)
            )
        except StripeFault as exc:
            return _nothing(exc)
        return _dispute(dispute.to_dict())

    async def read_warning(self, warning_id: str) -> StripeDispute | Gone | Away:
        """Return an early fraud warning. It is about the whole charge and moves no money."""
        try:
            warning = await self._stripe.read(
                "early_fraud_warnings.retrieve",
                lambda: self._stripe.api.v1.radar.early_fraud_warnings.retrieve_async(
                    warning_id, {"expand": ["charge"]}
                ),
            )
        except StripeFault as exc:
            return _nothing(exc)
        return _warning(warning.to_dict())

    async def page_of_intents(self, *, since: datetime, after: str | None) -> Page:
        """Return PaymentIntents created since then, a hundred at a time; raises when away."""
        wanted: dict[str, Any] = {
            "created": {"gte": int(since.timestamp())},
            "limit": PAGE,
            "expand": ["data.latest_charge"],
        }
        if after is not None:
            wanted["starting_after"] = after
        page = await self._stripe.read(
            "payment_intents.list",
            lambda: self._stripe.api.v1.payment_intents.list_async(cast(Any, wanted)),
        )
        found = [each.to_dict() for each in page.data]
        return Page(
            tuple(intent for each in found if (intent := _intent(each)) is not None),
            str(found[-1]["id"]) if page.has_more and found else None,
        )


def _nothing(fault: StripeFault) -> Gone | Away:
    is_gone = isinstance(fault, StripeRefused) and fault.by == "request" and fault.status == 404
    return Gone() if is_gone else Away(fault.reason)


def _refund_failure(fault: StripeFault) -> RefundOutcome:
    match fault:
        case StripeRefused(by="request"):
            code = fault.code or fault.param or "invalid_request"
            # What is no word about the charge is our own mistake: nothing moves, and again.
            if code in NOT_REFUNDABLE or fault.param == "amount" or fault.status == 404:
                return Refused(code)
            return Away(code)
        case StripeRefused(by="account"):
            return Away(fault.name)
        case StripeNotSent(status=429):
            return Away(fault.reason)
        case StripeUnknown():
            # Something else was asked under this key, before a restore say: never again ours.
            is_spent = fault.is_answered or fault.reason == MISMATCH
            return Lost(fault.reason, is_key_spent=is_spent)
        case _:
            return Lost(fault.reason)


def _charge(charge: dict[str, Any]) -> StripeCharge:
    return StripeCharge(
        stripe_charge_id=charge["id"],
        payment_intent_id=_id(charge.get("payment_intent")),
        amount_refunded=Cents(charge["amount_refunded"]),
        is_disputed=bool(charge["disputed"]),
        financials=_financials(charge.get("balance_transaction")),
    )


def _financials(transaction: Any) -> Financials | None:
    if not isinstance(transaction, dict):
        return None
    return Financials(
        balance_transaction_id=transaction["id"],
        gross_cents=Cents(transaction["amount"]),
        fee_cents=Cents(transaction["fee"]),
        net_cents=Cents(transaction["net"]),
        currency=transaction["currency"],
        available_at=_instant(transaction["available_on"]),
    )


def _refund(refund: dict[str, Any]) -> StripeRefund:
    status = refund.get("status") or "pending"
    state: RefundState = "pending" if status == "requires_action" else cast(Any, status)
    if status not in RETURNING:
        state = "failed"
    return StripeRefund(
        stripe_refund_id=refund["id"],
        refund_id=(refund.get("metadata") or {}).get("pool_refund") or "",
        amount_cents=Cents(refund["amount"]),
        state=state,
        failure_reason=refund.get("failure_reason") or ("" if status in RETURNING else status),
        created_at=_instant(refund["created"]),
    )


def _dispute(dispute: dict[str, Any]) -> StripeDispute:
    moved = dispute.get("balance_transactions") or []
    status: str = dispute["status"]
    withdrawn = -sum(each["amount"] for each in moved)
    is_inquiry = status.startswith("warning_") and withdrawn == 0
    kind: DisputeKind = "inquiry" if is_inquiry else "dispute"
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return StripeDispute(
        dispute_id=dispute["id"],
        kind=kind,
        status=status,
        reason=dispute["reason"],
        amount_cents=Cents(dispute["amount"]),
        withdrawn_cents=Cents(max(0, withdrawn)),
        dispute_fee_cents=Cents(max(0, sum(each["fee"] for each in moved))),
        currency=dispute["currency"],
        evidence_due_at=_instant(due_by) if due_by else None,
        opened_at=_instant(dispute["created"]),
    )


def _warning(warning: dict[str, Any]) -> StripeDispute:
    charge = warning["charge"]
    return StripeDispute(
        dispute_id=warning["id"],
        kind="fraud_warning",
        status="actionable" if warning["actionable"] else "not_actionable",
        reason=warning["fraud_type"],
        amount_cents=Cents(charge["amount"]),
        withdrawn_cents=Cents(0),
        dispute_fee_cents=Cents(0),
        currency=charge["currency"],
        evidence_due_at=None,
        opened_at=_instant(warning["created"]),
    )


def _intent(intent: dict[str, Any]) -> TheirIntent | None:
    """Return a PaymentIntent that carries our note; others are somebody else's business."""
    metadata = intent.get("metadata") or {}
    if not metadata.get("pool_charge"):
        return None
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    return TheirIntent(
        payment_intent_id=intent["id"],
        charge_id=metadata["pool_charge"],
        campaign=metadata.get("campaign") or "",
        status=intent["status"],
        amount_cents=intent["amount"],
        currency=intent["currency"],
        refunded_cents=charge.get("amount_refunded") or 0,
        is_disputed=bool(charge.get("disputed")),
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str:
    return value["id"] if isinstance(value, dict) else str(value or "")
