"""What a person in a browser does with a Checkout Session: types a card, passes their bank."""

from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox import cards, outcomes
from deploy.sandbox.cards import Card
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import customers, payment_methods, sessions, setup_intents
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import Refusal, card_error, invalid
from deploy.sandbox.world import public

EXP_YEARS_AHEAD_MAX = 50


@dataclass(frozen=True, kw_only=True)
class Person:
    """What was typed. The card's number is looked up at once and goes no further."""

    card: str
    exp_month: int | None = None
    exp_year: int | None = None
    cvc: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    address: dict[str, Any] = field(default_factory=dict)
    shipping: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return "Person(…)"


class SessionOver(Exception):
    """The session cannot be used any more; `status` is complete or expired."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status
        self.message = (
            "This Checkout Session is already complete."
            if status == "complete"
            else "This Checkout Session has expired."
        )


def submit(call: Call, session_id: str, person: Person) -> Obj:
    """Try to complete the session with what was typed.

    The session comes back `complete`, or still `open` while the bank waits for the person.
    """
    session = open_session(call, session_id)
    email = _email(call, session, person)
    card = _card(person)
    year, month = _expiry(call, person)
    _check_cvc(card, person.cvc)
    address = customers.whole_address(person.address)
    method = payment_methods.new(
        call.now,
        card,
        exp_month=month,
        exp_year=year,
        billing_details=payment_methods.empty_billing_details(
            email=email, name=person.name, phone=person.phone, address=address
        ),
    )
    session["_details"] = {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": person.name,
        "phone": person.phone,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    session["_shipping"] = _shipping(session, person)
    return _save(call, session, method, is_authenticated=False)


def authenticate(call: Call, session_id: str, *, succeeds: bool) -> Obj:
    """Pass or fail the bank's question about the card being saved."""
    session = open_session(call, session_id)
    intent = call.find("setup_intent", session["setup_intent"])
    if intent["status"] != "requires_action":
        raise invalid("Nothing waits for the person in this Checkout Session.")
    method = call.find("payment_method", intent["payment_method"])
    if succeeds:
        return _save(call, session, method, is_authenticated=True)
    raise setup_intents.fail(call, intent, method, setup_intents.AUTHENTICATION_FAILED)


def is_waiting_for_bank(call: Call, session: Obj) -> bool:
    if session["status"] != "open":
        return False
    return bool(call.find("setup_intent", session["setup_intent"])["status"] == "requires_action")


def open_session(call: Call, session_id: str) -> Obj:
    session = sessions.find(call, session_id)
    if session["status"] != "open":
        raise SessionOver(session["status"])
    return session


def known_email(call: Call, session: Obj) -> str | None:
    """Return the e-mail the person need not type: the customer's, or the session's own."""
    if session["customer"]:
        customer = call.find("customer", session["customer"])
        if customer.get("email"):
            return str(customer["email"])
    email: str | None = session["customer_email"]
    return email


def _save(call: Call, session: Obj, method: Obj, *, is_authenticated: bool) -> Obj:
    intent = call.find("setup_intent", session["setup_intent"])
    card = payment_methods.card_of(method)
    outcome = outcomes.of_saving(card, is_authenticated=is_authenticated)
    if isinstance(outcome, outcomes.Approved):
        _ensure_customer(call, session, intent)
    if setup_intents.save_card(call, intent, method, is_authenticated=is_authenticated):
        _complete(call, session)
    else:
        call.put(session)
    return session


def _ensure_customer(call: Call, session: Obj, intent: Obj) -> None:
    if session["customer"] is not None or session["customer_creation"] != "always":
        return
    details = session["_details"]
    has_address = any(details["address"].values())
    customer = customers.new(
        call.now,
        email=details["email"],
        name=details["name"],
        phone=details["phone"],
        address=details["address"] if has_address else None,
    )
    call.put(customer)
    call.emit("customer.created", customer)
    session["customer"] = intent["customer"] = customer["id"]


def _complete(call: Call, session: Obj) -> None:
    session.update(
        status="complete",
        url=None,
        customer_details=session.pop("_details"),
        collected_information={
            "business_name": None,
            "individual_name": None,
            "shipping_details": session.pop("_shipping"),
        },
    )
    call.put(session)
    call.emit("checkout.session.completed", session)


def _email(call: Call, session: Obj, person: Person) -> str:
    email = known_email(call, session) or (person.email or "").strip()
    if not email:
        raise invalid(
            "An email is needed: the session has no customer with one.",
            param="email",
            code="email_missing",
        )
    customers.check_email(email)
    return email


def _card(person: Person) -> Card:
    number = cards.digits(person.card)
    if not cards.is_plausible(number):
        raise declined_by_form("incorrect_number", "number")
    card = cards.BY_NUMBER.get(number)
    if card is None:
        raise declined_by_form("test_mode_live_card", "number")
    return card


def _expiry(call: Call, person: Person) -> tuple[int, int]:
    this_year, this_month = call.year_and_month
    year = person.exp_year if person.exp_year is not None else this_year + 4
    month = person.exp_month if person.exp_month is not None else 12
    year += 2000 if year < 100 else 0
    if not 1 <= month <= 12:
        raise declined_by_form("invalid_expiry_month", "exp_month")
    if not this_year <= year <= this_year + EXP_YEARS_AHEAD_MAX:
        raise declined_by_form("invalid_expiry_year", "exp_year")
    if (year, month) < (this_year, this_month):
        raise declined_by_form("invalid_expiry_month", "exp_month")
    return year, month


def _check_cvc(card: Card, cvc: str | None) -> None:
    if cvc is None:
        return
    lengths = (3, 4) if card.brand == "amex" else (3,)
    if not (cvc.isascii() and cvc.isdecimal() and len(cvc) in lengths):
        raise declined_by_form("invalid_cvc", "cvc")


def declined_by_form(code: str, param: str) -> Refusal:
    """Return the refusal of card data that no bank was asked about."""
    declined = outcomes.declined(code)
    return card_error(
        declined.code, declined.message, decline_code=declined.decline_code, param=param
    )


def _shipping(session: Obj, person: Person) -> Obj | None:
    collection = session["shipping_address_collection"]
    if not collection:
        return None
    given = person.shipping or {"name": person.name, "address": person.address}
    address = customers.whole_address(given.get("address") or {})
    country = address["country"]
    if country and country not in collection["allowed_countries"]:
        raise invalid(f"We do not ship to {country}.", param="shipping[address][country]")
    return {"address": address, "name": given.get("name") or person.name}


def shown(call: Call, session: Obj) -> Obj:
    """Return what the browser may know of a session after an act of the person."""
    return {**public(session), "requires_action": is_waiting_for_bank(call, session)}
