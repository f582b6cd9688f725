"""SetupIntents: a card on its way to be saved. Checkout Sessions make and confirm them."""

from deploy.sandbox import ids, outcomes
from deploy.sandbox.outcomes import Declined
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import Refusal, card_error, refused
from deploy.sandbox.stripe_api.payment_methods import attach_to, card_of
from deploy.sandbox.world import public

AUTHENTICATION_FAILED = Declined(
    code="setup_intent_authentication_failure",
    decline_code=None,
    advice_code=None,
    message="We are unable to authenticate your payment method. Please choose a different payment"
    " method and try again.",
)


def new(
    now: int, *, customer: str | None, description: str | None, metadata: dict[str, str]
) -> Obj:
    intent_id = ids.new_id("seti")
    return {
        "id": intent_id,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": ids.client_secret(intent_id),
        "created": now,
        "customer": customer,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
        # A session's SetupIntent is confirmed and cancelled by its session alone.
        "_session": None,
    }


def retrieve(call: Call) -> Obj:
    return call.find("setup_intent", call.id, name="setupintent", param="intent")


def list_(call: Call) -> Obj:
    call.refuse_unmodelled(
        "created", "customer", "payment_method", "limit", "starting_after", "ending_before"
    )
    method = call.params.get("payment_method")
    by = "customer" if "customer" in call.params else "payment_method"
    return lists.of(
        call, "setup_intent", by=by, where=lambda intent: method in (None, intent["payment_method"])
    )


def update(call: Call) -> Obj:
    call.refuse_unmodelled("description")
    intent = retrieve(call)
    intent["description"] = call.params.get("description", intent["description"]) or None
    intent["metadata"] = merged_metadata(intent["metadata"], call.params.get("metadata"))
    call.put(intent)
    return intent


def cancel(call: Call) -> Obj:
    intent = retrieve(call)
    if intent["_session"]:
        raise refused(
            "You cannot cancel this SetupIntent because it was created by a Checkout Session."
            " To cancel it, expire the Checkout Session instead.",
            code="setup_intent_unexpected_state",
            setup_intent=public(intent),
        )
    return canceled(call, intent, call.params.get("cancellation_reason"))


def canceled(call: Call, intent: Obj, reason: str | None) -> Obj:
    intent.update(status="canceled", cancellation_reason=reason, next_action=None)
    call.put(intent)
    call.emit("setup_intent.canceled", intent)
    return intent


def save_card(call: Call, intent: Obj, method: Obj, *, is_authenticated: bool) -> bool:
    """Save the card with this intent; False means the bank wants to see the person first.

    Raises the decline, after which another card can be tried.
    """
    outcome = outcomes.of_saving(card_of(method), is_authenticated=is_authenticated)
    if isinstance(outcome, Declined):
        raise fail(call, intent, method, outcome)
    if isinstance(outcome, outcomes.NeedsPerson):
        intent.update(
            status="requires_action",
            payment_method=method["id"],
            next_action={
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {"type": "three_d_secure_redirect"},
            },
        )
        call.put(method)
        call.put(intent)
        call.emit("setup_intent.requires_action", intent)
        return False
    attempt = _attempt(call, intent, method, "succeeded")
    method["_is_set_up"] = True
    if intent["customer"] is not None and method["customer"] is None:
        attach_to(call, method, intent["customer"])
    call.put(method)
    intent.update(
        status="succeeded",
        payment_method=method["id"],
        latest_attempt=attempt["id"],
        last_setup_error=None,
        next_action=None,
    )
    call.put(intent)
    call.emit("setup_intent.succeeded", intent)
    return True


def fail(call: Call, intent: Obj, method: Obj, declined: Declined) -> Refusal:
    """Record that this card was not saved; return the 402."""
    call.put(method)
    attempt = _attempt(call, intent, method, "failed")
    refusal = card_error(
        declined.code,
        declined.message,
        decline_code=declined.decline_code,
        advice_code=declined.advice_code,
        payment_method=public(method),
    )
    attempt["setup_error"] = {**refusal.error}
    call.put(attempt)
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_attempt=attempt["id"],
        last_setup_error={**refusal.error},
        next_action=None,
    )
    call.put(intent)
    call.emit("setup_intent.setup_failed", intent)
    refusal.error["setup_intent"] = public(intent)
    return refusal


def retrieve_attempts(call: Call) -> Obj:
    call.refuse_unmodelled("created", "setup_intent", "limit", "starting_after", "ending_before")
    return lists.of(call, "setup_attempt", by="setup_intent")


def _attempt(call: Call, intent: Obj, method: Obj, status: str) -> Obj:
    card = method["card"]
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    details = {
        **{name: card[name] for name in same},
        "last4": card["last4"],
        "network": card["brand"],
        "three_d_secure": None,
        "wallet": None,
    }
    attempt = {
        "id": ids.new_id("setatt"),
        "object": "setup_attempt",
        "application": None,
        "created": call.now,
        "customer": intent["customer"],
        "customer_account": None,
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method["id"],
        "payment_method_details": {"card": details, "type": "card"},
        "setup_error": None,
        "setup_intent": intent["id"],
        "status": status,
        "usage": intent["usage"],
    }
    call.put(attempt)
    return attempt
