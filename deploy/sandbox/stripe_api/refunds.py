"""Refunds: money given back, some of it later than promised."""

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import charges, lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import invalid, refused
from deploy.sandbox.stripe_api.payment_methods import card_of
from deploy.sandbox.world import Cause, World

# When the bank's late word on a refund comes, in real time.
LATE_SECONDS = 0.5


def create(call: Call) -> Obj:
    params = call.params
    call.refuse_unmodelled("amount", "charge", "payment_intent", "reason")
    charge = _charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if charge["status"] != "succeeded":
        raise refused("This charge has not succeeded, so it cannot be refunded.", param="charge")
    if charge["disputed"] and not _may_be_refunded(call, charge):
        raise refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if left == 0:
        raise refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if not 1 <= amount <= left:
        raise refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            param="amount",
        )
    method = call.find("payment_method", charge["payment_method"])
    late = card_of(method).refund
    refund = _new(call, charge, amount)
    _settle(call, refund, charge)
    refund["status"] = "pending" if late == "succeeds" else "succeeded"
    if late:
        call.world.plan_chore(f"refund:{refund['id']}", LATE_SECONDS)
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.put(refund)
    call.put(charge)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge, previous=before)
    return refund


def finish_later(world: World, refund_id: str) -> None:
    """Bring the bank's late word: a pending refund succeeds, a failing one fails."""
    call = Call(world=world, path="", params={}, cause=Cause())
    refund = call.find("refund", refund_id)
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
        refund["pending_reason"] = None
        call.put(refund)
        call.emit("refund.updated", refund, previous={"status": "pending"})
    elif refund["failure_reason"] is None:
        _fail(call, refund)


def retrieve(call: Call) -> Obj:
    return call.find("refund", call.id)


def update(call: Call) -> Obj:
    call.refuse_unmodelled()
    refund = retrieve(call)
    refund["metadata"] = merged_metadata(refund["metadata"], call.params.get("metadata"))
    call.put(refund)
    call.emit("refund.updated", refund)
    return refund


def list_(call: Call) -> Obj:
    call.refuse_unmodelled(
        "charge", "payment_intent", "created", "limit", "starting_after", "ending_before"
    )
    intent = call.params.get("payment_intent")
    by = "charge" if "charge" in call.params else "payment_intent"
    return lists.of(
        call, "refund", by=by, where=lambda refund: intent in (None, refund["payment_intent"])
    )


def _may_be_refunded(call: Call, charge: Obj) -> bool:
    """Tell whether the bank only inquired, or was told that it was wrong."""
    disputes = call.world.store.pointing_to("dispute", "charge", charge["id"])
    found = [call.find("dispute", dispute_id) for dispute_id in disputes]
    return all(each["is_charge_refundable"] or each["status"] == "won" for each in found)


def _charge(call: Call) -> Obj:
    params = call.params
    if "charge" not in params and "payment_intent" not in params:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            code="parameter_missing",
        )
    if "charge" in params:
        return call.find("charge", params["charge"], param="charge")
    intent = call.find("payment_intent", params["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return call.find("charge", intent["latest_charge"])


def _settle(call: Call, refund: Obj, charge: Obj) -> None:
    # Stripe keeps its fee when money goes back.
    transaction = charges.new_transaction(
        call.now,
        amount=-refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
        kind="refund",
        description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
    )
    refund["balance_transaction"] = transaction["id"]
    call.put(transaction)


def _fail(call: Call, refund: Obj) -> None:
    transaction = charges.new_transaction(
        call.now,
        amount=refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
        kind="refund_failure",
    )
    refund.update(
        status="failed",
        failure_reason="expired_or_canceled_card",
        failure_balance_transaction=transaction["id"],
    )
    charge = call.find("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    call.put(transaction)
    call.put(refund)
    call.put(charge)
    call.emit("refund.failed", refund, previous={"status": "succeeded"})


def _new(call: Call, charge: Obj, amount: int) -> Obj:
    return {
        "id": ids.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "metadata": merged_metadata(None, call.params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "pending_reason": None,
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
