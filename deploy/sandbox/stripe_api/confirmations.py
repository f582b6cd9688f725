"""Confirming a PaymentIntent: the one place where money moves, once for each of them."""

from typing import Any

from deploy.sandbox import outcomes
from deploy.sandbox.outcomes import Declined
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import charges, disputes
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import Refusal, card_error, invalid, refused
from deploy.sandbox.stripe_api.payment_methods import card_of
from deploy.sandbox.world import public

_SPENT = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer"
    " attachment, shared with a connected account without Customer attachment, or was detached"
    " from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must"
    " attach it to a Customer first."
)


def usable_method(call: Call, intent: Obj, method_id: str, *, carry: bool = False) -> Obj:
    """Return the card if this PaymentIntent may use it, or refuse in Stripe's words."""
    method = call.find("payment_method", method_id, name="PaymentMethod", param="payment_method")
    carried: dict[str, Any] = {"payment_intent": public(intent)} if carry else {}
    owner, customer = method["customer"], intent["customer"]
    if method["_is_spent"]:
        raise refused(_SPENT, code="payment_method_unexpected_state", **carried)
    if owner is not None and customer is None:
        raise refused(
            f"The `payment_method` parameter supplied {method_id} belongs to the Customer {owner}."
            " Please include the Customer in the `customer` parameter on the PaymentIntent.",
            code="parameter_missing",
            param="source",
            **carried,
        )
    if owner is not None and owner != customer:
        raise refused(
            f"The PaymentMethod {method_id} does not belong to the Customer you supplied"
            f" {customer}. Please use this PaymentMethod with the Customer that it belongs to"
            " instead.",
            param="payment_method",
            **carried,
        )
    return method


def confirm(call: Call, intent: Obj) -> Obj:
    """Charge the card, or raise the decline. A PaymentIntent succeeds once, ever."""
    _check_state(intent)
    method = _method(call, intent)
    is_off_session = _is_off_session(call, intent)
    if intent["_may_redirect"] and not (call.params.get("return_url") or intent["_return_url"]):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
            " Because some of these payment methods might redirect your customer off of your page,"
            " you must provide a `return_url`. If you don't want to accept redirect-based payment"
            " methods, set `automatic_payment_methods[enabled]` to `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents"
            " and Payment Intents.",
            param="return_url",
        )
    intent["_attempts"] += 1
    intent["payment_method"] = method["id"]
    outcome = outcomes.of_charging(
        card_of(method),
        is_set_up=method["_is_set_up"],
        is_off_session=is_off_session,
        is_authenticated=False,
        forced_decline=call.world.faults.decline.get(method["_card"], ""),
    )
    return _conclude(call, intent, method, outcome)


def authenticate(call: Call, intent: Obj, *, succeeds: bool) -> Obj:
    """Do what the person did in the bank's window: pass, and be charged, or fail."""
    if intent["status"] != "requires_action":
        raise refused(
            f"This PaymentIntent has a status of {intent['status']}; nothing waits for the person.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    method = call.find("payment_method", intent["payment_method"], name="PaymentMethod")
    if succeeds:
        outcome = outcomes.of_charging(
            card_of(method),
            is_set_up=method["_is_set_up"],
            is_off_session=False,
            is_authenticated=True,
            forced_decline=call.world.faults.decline.get(method["_card"], ""),
        )
    else:
        outcome = Declined(
            code="payment_intent_authentication_failure",
            decline_code=None,
            advice_code=None,
            message="The provided PaymentMethod has failed authentication. You can provide"
            " payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent"
            " again.",
            leaves_charge=False,
        )
    return _conclude(call, intent, method, outcome)


def _conclude(call: Call, intent: Obj, method: Obj, outcome: outcomes.Outcome) -> Obj:
    if isinstance(outcome, Declined):
        raise _decline(call, intent, method, outcome)
    if isinstance(outcome, outcomes.NeedsPerson):
        intent.update(status="requires_action", next_action=_next_action(call, intent))
        call.put(intent)
        call.emit("payment_intent.requires_action", intent)
        return intent
    charge = charges.attempt(call, intent, method, declined=None)
    is_async = intent["capture_method"] == "automatic_async"
    if is_async:
        call.world.plan_chore(f"settle:{charge['id']}", charges.SETTLING_DELAY_SECONDS)
    else:
        charges.settle(call, charge)
    if card_of(method).dispute:
        call.world.plan_chore(f"dispute:{charge['id']}", disputes.LATE_SECONDS)
    if method["customer"] is None:
        call.put({**method, "_is_spent": True})
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        next_action=None,
        last_payment_error=None,
    )
    call.put(intent)
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    return intent


def _decline(call: Call, intent: Obj, method: Obj, declined: Declined) -> Refusal:
    """Put the PaymentIntent back to where another card can be tried; return the 402."""
    charge = None
    if declined.leaves_charge:
        charge = charges.attempt(call, intent, method, declined=declined)
    refusal = card_error(
        declined.code,
        declined.message,
        decline_code=declined.decline_code,
        advice_code=declined.advice_code,
        charge=charge["id"] if charge else None,
        payment_method=public(method),
    )
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        latest_charge=charge["id"] if charge else intent["latest_charge"],
        last_payment_error={**refusal.error},
    )
    call.put(intent)
    if charge:
        call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", intent)
    refusal.error["payment_intent"] = public(intent)
    return refusal


def _check_state(intent: Obj) -> None:
    status = intent["status"]
    if status == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being"
            " previously confirmed."
        )
    elif status == "canceled":
        message = (
            "You cannot confirm this PaymentIntent because it has a status of canceled. Only a"
            " PaymentIntent with one of the following statuses may be confirmed:"
            " requires_confirmation, requires_action."
        )
    else:
        return
    raise refused(message, code="payment_intent_unexpected_state", payment_intent=public(intent))


def _method(call: Call, intent: Obj) -> Obj:
    """Return the card named now, before, or as the customer's default."""
    method_id = call.params.get("payment_method") or intent["payment_method"]
    if method_id is None and intent["customer"]:
        customer = call.find("customer", intent["customer"])
        method_id = customer["invoice_settings"]["default_payment_method"]
    if method_id is None:
        ending = (
            f"To confirm the PaymentIntent with {intent['customer']}, specify a payment method"
            " attached to this customer along with the customer ID."
            if intent["customer"]
            else "You can either update the PaymentIntent with a payment method and then confirm"
            " it again, or confirm it again directly with a payment method or ConfirmationToken."
        )
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method."
            f" {ending}",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    return usable_method(call, intent, method_id, carry=True)


def _is_off_session(call: Call, intent: Obj) -> bool:
    is_off_session = call.params.get("off_session", False)
    if is_off_session and intent["setup_future_usage"]:
        raise invalid(
            "You cannot set `off_session` to true together with `setup_future_usage`.",
            param="off_session",
        )
    # `one_off` and `recurring` are the older names for true.
    return bool(is_off_session)


def _next_action(call: Call, intent: Obj) -> Obj:
    if return_url := call.params.get("return_url") or intent["_return_url"]:
        url = f"{call.base_url}/3ds/{intent['client_secret']}"
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
