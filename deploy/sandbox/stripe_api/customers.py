"""Customers: created, read, listed, changed, deleted."""

from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import invalid, missing

_PLAIN = ("description", "email", "name", "phone", "business_name", "individual_name")
_OBJECTS = ("address", "shipping")
_MODELLED = (*_PLAIN, *_OBJECTS, "preferred_locales", "tax_exempt", "invoice_settings")
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
EMAIL_LENGTH_MAX = 512


def new(now: int, **known: Any) -> Obj:
    return {
        "id": ids.new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": ids.noise(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **known,
    }


def create(call: Call) -> Obj:
    customer = new(call.now)
    _apply(call, customer)
    call.put(customer)
    call.emit("customer.created", customer)
    return customer


def update(call: Call) -> Obj:
    customer = find(call, call.id)
    before = dict(customer)
    _apply(call, customer)
    call.put(customer)
    changed = {name: before[name] for name, value in customer.items() if before[name] != value}
    if changed:
        call.emit("customer.updated", customer, previous=changed)
    return customer


def retrieve(call: Call) -> Obj:
    customer = call.find("customer", call.id)
    if customer.get("deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    return customer


def list_(call: Call) -> Obj:
    call.refuse_unmodelled("created", "email", "limit", "starting_after", "ending_before")
    email = call.params.get("email")
    return lists.of(
        call,
        "customer",
        where=lambda customer: not customer.get("deleted") and email in (None, customer["email"]),
    )


def delete(call: Call) -> Obj:
    """Delete for ever; the customer's cards can never be charged again."""
    customer = find(call, call.id)
    for method_id in list(call.world.store.pointing_to("payment_method", "customer", call.id)):
        method = call.find("payment_method", method_id)
        if method["customer"] == call.id:
            call.put({**method, "customer": None, "_is_spent": True})
    call.emit("customer.deleted", customer)
    call.put({**customer, "deleted": True})
    return {"id": customer["id"], "object": "customer", "deleted": True}


def find(call: Call, customer_id: str, *, param: str = "id") -> Obj:
    """Return a customer that still exists, or refuse."""
    customer = call.find("customer", customer_id, param=param)
    if customer.get("deleted"):
        raise missing("customer", customer_id, param=param)
    return customer


def _apply(call: Call, customer: Obj) -> None:
    params = call.params
    call.refuse_unmodelled(*_MODELLED)
    check_email(params.get("email"))
    for name in (*_PLAIN, "tax_exempt", "preferred_locales"):
        if name in params:
            customer[name] = params[name] or None
    for name in _OBJECTS:
        if name in params:
            customer[name] = _whole(name, params[name])
    if "invoice_settings" in params:
        method_id = params["invoice_settings"].get("default_payment_method")
        if method_id:
            _check_default(call, customer, method_id)
        customer["invoice_settings"]["default_payment_method"] = method_id or None
    customer["metadata"] = merged_metadata(customer["metadata"], params.get("metadata"))


def check_email(email: str | None) -> None:
    if not email:
        return
    local, at, domain = email.rpartition("@")
    if not (local and at and domain) or " " in email or len(email) > EMAIL_LENGTH_MAX:
        raise invalid(f"Invalid email address: {email}", param="email", code="email_invalid")


def _check_default(call: Call, customer: Obj, method_id: str) -> None:
    method = call.find("payment_method", method_id, name="PaymentMethod", param="payment_method")
    if method["customer"] != customer["id"]:
        raise invalid(
            f"The customer does not have a payment method with the ID {method_id}. The payment"
            " method must be attached to the customer.",
            param="invoice_settings[default_payment_method]",
            code="resource_missing",
        )


def _whole(name: str, value: Any) -> Obj | None:
    """Return an address or a shipping with every key present, as Stripe answers them."""
    if not value:
        return None
    if name == "address":
        return whole_address(value)
    return {
        "address": whole_address(value.get("address") or {}),
        "name": value.get("name"),
        "phone": value.get("phone"),
    }


def whole_address(value: dict[str, Any]) -> Obj:
    return {part: value.get(part) or None for part in _ADDRESS}
