"""Checkout Sessions in setup mode, as the API sees them: created, read, listed, expired."""

from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import customers, lists, setup_intents
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import invalid, not_modelled, refused
from deploy.sandbox.world import Cause, World

LIFE_SECONDS_MIN = 30 * 60
LIFE_SECONDS_MAX = 24 * 3600
# The moment the request needed to reach us does not make its 30 minutes too short.
LIFE_SECONDS_SLACK = 5

# Parameters that stand on the session as they were given.
_STORED = (
    "billing_address_collection",
    "client_reference_id",
    "customer_email",
    "locale",
    "cancel_url",
    "return_url",
    "success_url",
    "shipping_address_collection",
    "custom_text",
    "consent_collection",
)
# What a session in setup mode has not.
_NULL = (
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "amount_subtotal",
    "amount_total",
    "collected_information",
    "consent",
    "currency_conversion",
    "customer_account",
    "customer_details",
    "discounts",
    "excluded_payment_method_types",
    "invoice",
    "invoice_creation",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "recovered_from",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_cost",
    "submit_type",
    "subscription",
    "total_details",
    "wallet_options",
)
MODELLED = (
    *_STORED,
    "mode",
    "ui_mode",
    "currency",
    "customer",
    "customer_creation",
    "expires_at",
    "allowed_payment_method_types",
    "phone_number_collection",
    "redirect_on_completion",
    "setup_intent_data",
)
NOT_WITH_ELEMENTS = (
    "success_url",
    "cancel_url",
    "custom_text",
    "custom_fields",
    "after_expiration",
    "branding_settings",
    "origin_context",
    "submit_type",
    "redirect_on_completion",
)
NOT_IN_SETUP = (
    "line_items",
    "payment_intent_data",
    "subscription_data",
    "invoice_creation",
    "discounts",
    "allow_promotion_codes",
    "automatic_tax",
    "saved_payment_method_options",
    "submit_type",
    "shipping_options",
)


def create(call: Call) -> Obj:
    params = call.params
    _check_mode(params)
    _check_page(params)
    _check_customer(params)
    call.refuse_unmodelled(*MODELLED)
    if "customer" in params:
        customers.find(call, params["customer"], param="customer")
    session = _new(call, expires_at=_expires_at(params, call.now))
    data = params.get("setup_intent_data", {})
    if "on_behalf_of" in data:
        raise not_modelled("on_behalf_of", param="setup_intent_data[on_behalf_of]")
    intent = setup_intents.new(
        call.now,
        customer=session["customer"],
        description=data.get("description"),
        metadata=merged_metadata(None, data.get("metadata")),
    )
    session["setup_intent"] = intent["id"]
    intent["_session"] = session["id"]
    call.put(intent)
    call.put(session)
    call.emit("setup_intent.created", intent)
    return session


def retrieve(call: Call) -> Obj:
    return find(call, call.id)


def update(call: Call) -> Obj:
    call.refuse_unmodelled()
    session = find(call, call.id)
    session["metadata"] = merged_metadata(session["metadata"], call.params.get("metadata"))
    call.put(session)
    return session


def list_(call: Call) -> Obj:
    call.refuse_unmodelled(
        "created",
        "customer",
        "customer_details",
        "payment_intent",
        "status",
        "limit",
        "starting_after",
        "ending_before",
    )
    params = call.params
    email = params.get("customer_details", {}).get("email")

    def is_wanted(session: Obj) -> bool:
        details = session["customer_details"] or {}
        return (
            params.get("status") in (None, session["status"])
            and params.get("payment_intent") in (None, session["payment_intent"])
            and email in (None, details.get("email"))
        )

    return lists.of(call, "checkout.session", by="customer", where=is_wanted)


def expire(call: Call) -> Obj:
    session = find(call, call.id)
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout'
            f" Session has a status of {session['status']}.",
            param="session",
        )
    return _expired(call, session)


def find(call: Call, session_id: str) -> Obj:
    return call.find("checkout.session", session_id, param="session")


def expire_due(world: World) -> None:
    """Expire every open session whose time is over by the sandbox's clock, and tell.

    Called before every request and whenever the clock moves, so nobody meets an open session
    that should be over.
    """
    for session_id in world.sessions.take_due(world.clock.now_seconds()):
        session = world.store.get("checkout.session", session_id)
        if session and session["status"] == "open":
            _expired(Call(world=world, path="", params={}, cause=Cause()), session)
    world.commit()


def _expired(call: Call, session: Obj) -> Obj:
    session.update(status="expired", url=None)
    call.put(session)
    intent = call.find("setup_intent", session["setup_intent"])
    setup_intents.canceled(call, intent, "abandoned")
    call.emit("checkout.session.expired", session)
    return session


def _check_mode(params: dict[str, Any]) -> None:
    if "mode" not in params:
        raise invalid("Missing required param: mode.", param="mode", code="parameter_missing")
    if params["mode"] != "setup":
        raise not_modelled(f"the mode {params['mode']}", param="mode")
    for name in NOT_IN_SETUP:
        if name in params:
            raise invalid(f"You can not pass `{name}` in `setup` mode.", param=name)
    types = params.get("allowed_payment_method_types")
    if types is None and "currency" not in params:
        raise invalid(
            "You must provide `currency` in `setup` mode when `allowed_payment_method_types` is"
            " not set.",
            param="currency",
            code="parameter_missing",
        )
    if types is not None and "card" not in types:
        raise not_modelled("payment methods other than cards", param="allowed_payment_method_types")


def _check_page(params: dict[str, Any]) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    if ui_mode not in ("elements", "hosted_page"):
        raise not_modelled(f"the ui_mode {ui_mode}", param="ui_mode")
    unwanted = NOT_WITH_ELEMENTS if ui_mode == "elements" else ("return_url",)
    for name in unwanted:
        if name in params:
            raise invalid(f"You can not pass `{name}` when `ui_mode` is `{ui_mode}`.", param=name)
    needed = "return_url" if ui_mode == "elements" else "success_url"
    if needed not in params:
        raise invalid(f"Missing required param: {needed}.", param=needed, code="parameter_missing")
    for name in ("return_url", "success_url", "cancel_url"):
        if name in params and not params[name].startswith(("http://", "https://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    consent = params.get("consent_collection", {})
    if consent.get("terms_of_service") == "required" or consent.get("promotions") == "auto":
        raise not_modelled("a consent box on its page", param="consent_collection")


def _check_customer(params: dict[str, Any]) -> None:
    for other in ("customer_email", "customer_creation"):
        if "customer" in params and other in params:
            raise invalid(
                f"You may only specify one of these parameters: customer, {other}.", param=other
            )


def _expires_at(params: dict[str, Any], now: int) -> int:
    expires_at = params.get("expires_at", now + LIFE_SECONDS_MAX)
    life_seconds = expires_at - now
    if life_seconds < LIFE_SECONDS_MIN - LIFE_SECONDS_SLACK:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
            " creation.",
            param="expires_at",
        )
    if life_seconds > LIFE_SECONDS_MAX + LIFE_SECONDS_SLACK:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return int(expires_at)


def _new(call: Call, *, expires_at: int) -> Obj:
    params = call.params
    session_id = ids.new_id("cs_test")
    is_elements = params.get("ui_mode") == "elements"
    creation = None if "customer" in params else params.get("customer_creation", "if_required")
    phone = params.get("phone_number_collection", {"enabled": False})
    session: Obj = {
        **dict.fromkeys(_NULL),
        **dict.fromkeys(_STORED),
        "id": session_id,
        "object": "checkout.session",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "client_secret": ids.client_secret(session_id) if is_elements else None,
        "created": call.now,
        "currency": params["currency"].lower() if "currency" in params else None,
        "custom_fields": [],
        "customer": params.get("customer"),
        "customer_creation": creation,
        "expires_at": expires_at,
        "livemode": False,
        "metadata": merged_metadata(None, params.get("metadata")),
        "mode": "setup",
        "payment_method_collection": "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required",
        "phone_number_collection": phone,
        "redirect_on_completion": "always" if is_elements else None,
        "shipping_options": [],
        "status": "open",
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": None if is_elements else f"{call.base_url}/c/pay/{session_id}",
    }
    session.update({name: params[name] for name in _STORED if name in params})
    session["custom_text"] = session["custom_text"] or {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    }
    call.world.sessions.add(session_id, expires_at)
    return session
