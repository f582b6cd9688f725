"""Disputes and early fraud warnings: what a cardholder's bank says after the charge."""

from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import charges, lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import refused
from deploy.sandbox.stripe_api.payment_methods import card_of
from deploy.sandbox.world import Cause, World

FEE_CENTS = 1_500
ANSWER_SECONDS = 9 * 86_400
# When the bank speaks up about a test card that does, in real time.
LATE_SECONDS = 0.5
WINNING, LOSING = "winning_evidence", "losing_evidence"

REASONS = (
    *("duplicate", "fraudulent", "general", "product_not_received", "product_unacceptable"),
    *("credit_not_processed", "subscription_canceled", "unrecognized"),
)
FRAUD_TYPES = (
    *("card_never_received", "fraudulent_card_application", "made_with_counterfeit_card"),
    *("made_with_lost_card", "made_with_stolen_card", "misc", "unauthorized_use_of_card"),
)
INQUIRY = ("warning_needs_response", "warning_under_review")
OPEN = ("needs_response", "under_review", *INQUIRY)
_NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6.1"}


def begin(call: Call, charge: Obj, *, reason: str, is_inquiry: bool) -> Obj:
    """Open a dispute over all that was charged. An inquiry withdraws nothing yet."""
    if charge["status"] != "succeeded":
        raise refused("This charge has not succeeded, so it cannot be disputed.", param="charge")
    if charge["disputed"]:
        raise refused(f"Charge {charge['id']} is disputed already.", param="charge")
    dispute = _new(call, charge, reason, is_inquiry=is_inquiry)
    charge["disputed"] = True
    call.put(charge)
    call.put(dispute)
    call.emit("charge.dispute.created", dispute)
    if not is_inquiry:
        _move(call, dispute, -dispute["amount"], FEE_CENTS, "charge.dispute.funds_withdrawn")
    return dispute


def decide(call: Call, dispute: Obj, *, is_won: bool) -> Obj:
    """Bring the bank's decision. What was withdrawn comes back with its fee, if it was won."""
    if dispute["status"] not in OPEN:
        raise refused(f"This dispute is over: it is {dispute['status']}.")
    before = {"status": dispute["status"]}
    was_inquiry = dispute["status"] in INQUIRY
    dispute["status"] = "warning_closed" if was_inquiry else "won" if is_won else "lost"
    dispute["is_charge_refundable"] = was_inquiry
    call.put(dispute)
    call.emit("charge.dispute.closed", dispute, previous=before)
    if is_won and not was_inquiry:
        _move(call, dispute, dispute["amount"], -FEE_CENTS, "charge.dispute.funds_reinstated")
    return dispute


def escalate(call: Call, dispute: Obj) -> Obj:
    """Turn an inquiry into a dispute that withdraws the money."""
    if dispute["status"] not in INQUIRY:
        raise refused(f"This is no open inquiry: it is {dispute['status']}.")
    before = {"status": dispute["status"]}
    dispute["status"] = "needs_response"
    dispute["is_charge_refundable"] = False
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    call.put(dispute)
    call.emit("charge.dispute.updated", dispute, previous=before)
    _move(call, dispute, -dispute["amount"], FEE_CENTS, "charge.dispute.funds_withdrawn")
    return dispute


def warn(call: Call, charge: Obj, *, fraud_type: str) -> Obj:
    """Tell that the card's bank holds a charge for fraud."""
    warning = {
        "id": ids.new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": not charge["disputed"] and not charge["refunded"],
        "charge": charge["id"],
        "created": call.now,
        "fraud_type": fraud_type,
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    call.put(warning)
    call.emit("radar.early_fraud_warning.created", warning)
    return warning


def act_of_card(world: World, charge_id: str) -> None:
    """Do to a charge what its test card is published to do."""
    call = Call(world=world, path="", params={}, cause=Cause())
    charge = call.find("charge", charge_id)
    card = card_of(call.find("payment_method", charge["payment_method"]))
    if card.dispute == "warning":
        warn(call, charge, fraud_type="made_with_stolen_card")
    elif card.dispute and not charge["disputed"]:
        is_inquiry = card.dispute == "inquiry"
        reason = "general" if is_inquiry else card.dispute
        begin(call, charge, reason=reason, is_inquiry=is_inquiry)


def retrieve(call: Call) -> Obj:
    return call.find("dispute", call.id)


def update(call: Call) -> Obj:
    """Take evidence. The published words in `uncategorized_text` decide at once."""
    call.refuse_unmodelled("evidence", "submit")
    dispute = retrieve(call)
    if dispute["status"] not in OPEN:
        raise refused("This dispute is over, so it takes no more evidence.")
    evidence = call.params.get("evidence") or {}
    dispute["metadata"] = merged_metadata(dispute["metadata"], call.params.get("metadata"))
    dispute["evidence"] = {**dispute["evidence"], **evidence}
    details = dispute["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    if call.params.get("submit", True):
        details["submission_count"] += 1
        details["submission_method"] = "manual"
        is_inquiry = dispute["status"] in INQUIRY
        dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
    call.put(dispute)
    call.emit("charge.dispute.updated", dispute)
    word = evidence.get("uncategorized_text")
    if word in (WINNING, LOSING):
        decide(call, dispute, is_won=word == WINNING)
    return retrieve(call)


def close(call: Call) -> Obj:
    """Accept the dispute: it is lost."""
    call.refuse_unmodelled()
    return decide(call, retrieve(call), is_won=False)


def list_(call: Call) -> Obj:
    call.refuse_unmodelled(
        "charge", "payment_intent", "created", "limit", "starting_after", "ending_before"
    )
    intent = call.params.get("payment_intent")
    by = "charge" if "charge" in call.params else "payment_intent"
    return lists.of(
        call, "dispute", by=by, where=lambda dispute: intent in (None, dispute["payment_intent"])
    )


def retrieve_warning(call: Call) -> Obj:
    return call.find("radar.early_fraud_warning", call.id, name="early fraud warning")


def list_warnings(call: Call) -> Obj:
    call.refuse_unmodelled(
        "charge", "payment_intent", "created", "limit", "starting_after", "ending_before"
    )
    intent = call.params.get("payment_intent")
    return lists.of(
        call,
        "radar.early_fraud_warning",
        by="charge",
        where=lambda warning: intent in (None, warning["payment_intent"]),
    )


def _move(call: Call, dispute: Obj, amount: int, fee: int, told_as: str) -> None:
    transaction = charges.new_transaction(
        call.now,
        amount=amount,
        fee=fee,
        currency=dispute["currency"],
        source=dispute["id"],
        kind="adjustment",
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'}"
        f" for {dispute['charge']}",
        reporting_category="dispute" if amount < 0 else "dispute_reversal",
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], transaction]
    call.put(transaction)
    call.put(dispute)
    call.emit(told_as, dispute)


def _new(call: Call, charge: Obj, reason: str, *, is_inquiry: bool) -> Obj:
    brand = charge["payment_method_details"]["card"]["brand"]
    code = _NETWORK_CODES.get(reason)
    card: dict[str, Any] = {
        "brand": brand,
        "case_type": "inquiry" if is_inquiry else "chargeback",
        "network": brand,
        "network_reason_code": code,
    }
    return {
        "id": ids.new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now + ANSWER_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
