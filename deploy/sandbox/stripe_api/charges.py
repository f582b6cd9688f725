"""Charges and their balance transactions: the money that moved, and Stripe's fee for it."""

from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.outcomes import Declined
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.payment_methods import card_of
from deploy.sandbox.world import Cause, World

FEE_PER_MILLE = 29
FEE_FIXED_CENTS = 30
# How long `automatic_async` leaves a charge without its balance transaction, in real time.
SETTLING_DELAY_SECONDS = 0.25
AVAILABLE_AFTER_SECONDS = 2 * 86_400


def fee_cents(amount_cents: int) -> int:
    """Return Stripe's fee for a charge: 2.9 % and 30 cents, halves rounded up."""
    return (amount_cents * FEE_PER_MILLE + 500) // 1000 + FEE_FIXED_CENTS


def attempt(call: Call, intent: Obj, method: Obj, *, declined: Declined | None) -> Obj:
    """Record one try to move the money of `intent`, and return the charge."""
    charge = _new(call.now, intent, method, declined)
    call.put(charge)
    return charge


def settle(call: Call, charge: Obj) -> Obj:
    """Give a charge its balance transaction, and return the charge."""
    fee = fee_cents(charge["amount"])
    transaction = new_transaction(
        call.now,
        amount=charge["amount"],
        fee=fee,
        currency=charge["currency"],
        source=charge["id"],
        kind="charge",
        description=charge["description"],
    )
    charge["balance_transaction"] = transaction["id"]
    call.put(transaction)
    call.put(charge)
    return charge


def settle_later(world: World, charge_id: str) -> None:
    """Do what Stripe does a moment after an `automatic_async` charge, and tell."""
    charge = world.store.get("charge", charge_id)
    if charge is None or charge["balance_transaction"] is not None:
        return
    call = Call(world=world, path="", params={}, cause=Cause())
    settle(call, charge)
    call.emit("charge.updated", charge, previous={"balance_transaction": None})


def retrieve(call: Call) -> Obj:
    return call.find("charge", call.id)


def update(call: Call) -> Obj:
    call.refuse_unmodelled("description", "receipt_email")
    charge = retrieve(call)
    charge["metadata"] = merged_metadata(charge["metadata"], call.params.get("metadata"))
    for name in ("description", "receipt_email"):
        charge[name] = call.params.get(name, charge[name])
    call.put(charge)
    call.emit("charge.updated", charge)
    return charge


def list_(call: Call) -> Obj:
    call.refuse_unmodelled(
        "created", "customer", "payment_intent", "limit", "starting_after", "ending_before"
    )
    customer = call.params.get("customer")
    by = "payment_intent" if "payment_intent" in call.params else "customer"
    return lists.of(
        call, "charge", by=by, where=lambda charge: customer in (None, charge["customer"])
    )


def retrieve_transaction(call: Call) -> Obj:
    return call.find("balance_transaction", call.id, name="balance transaction")


def list_transactions(call: Call) -> Obj:
    call.refuse_unmodelled(
        "created", "currency", "source", "type", "limit", "starting_after", "ending_before"
    )
    params = call.params
    return lists.of(
        call,
        "balance_transaction",
        by="source",
        where=lambda found: (
            params.get("type") in (None, found["type"])
            and params.get("currency") in (None, found["currency"])
        ),
    )


def new_transaction(
    now: int, *, amount: int, fee: int, currency: str, source: str, kind: str, **known: Any
) -> Obj:
    details = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return {
        "id": ids.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now + AVAILABLE_AFTER_SECONDS,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details] if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source,
        "status": "pending",
        "type": kind,
        **known,
    }


def _new(now: int, intent: Obj, method: Obj, declined: Declined | None) -> Obj:
    amount = intent["amount"]
    return {
        "id": ids.new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": 0 if declined else amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "THE POOL SANDBOX",
        "captured": declined is None,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": declined.code if declined else None,
        "failure_message": declined.message if declined else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(declined),
        "paid": declined is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card_details(amount, method), "type": "card"},
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if declined else "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def _card_details(amount: int, method: Obj) -> Obj:
    card = method["card"]
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return {
        **{name: card[name] for name in same},
        "amount_authorized": amount,
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card_of(method).brand,
        "network_token": {"used": False},
        "network_transaction_id": ids.noise(15),
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": card["regulated_status"],
        "three_d_secure": None,
        "wallet": None,
    }


def _outcome(declined: Declined | None) -> Obj:
    if declined is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    blocked = declined.is_blocked
    return {
        "advice_code": declined.advice_code,
        "network_advice_code": None,
        "network_decline_code": None if blocked else "05",
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "reason": "highest_risk_level" if blocked else declined.decline_code or declined.code,
        "risk_level": "highest" if blocked else "normal",
        "risk_score": 99 if blocked else 12,
        "seller_message": "Stripe blocked this payment as too risky."
        if blocked
        else "The bank did not return any further details with this decline.",
        "type": "blocked" if blocked else "issuer_declined",
    }
