"""The sandbox's own API under `/sandbox`: the person's acts, the clock, the faults."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from deploy.sandbox import completion
from deploy.sandbox.clock import parse_duration, parse_instant
from deploy.sandbox.completion import Person
from deploy.sandbox.faults import FaultError
from deploy.sandbox.platform_clock import PlatformClock
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import confirmations, payment_intents, sessions
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import Refusal
from deploy.sandbox.web import Bad, Web, base_url, json_body, json_response, world_of
from deploy.sandbox.world import public

_ADDRESS_PARTS = {
    "line1": ("line1", "address1"),
    "line2": ("line2", "address2"),
    "city": ("city",),
    "state": ("state", "province"),
    "postal_code": ("postal_code", "postalCode"),
    "country": ("country",),
}


def act(request: Web, object_id: str, deed: Callable[[Call], Obj]) -> Obj:
    """Do what a person does, all or nothing; what they were refused is remembered too."""
    world = world_of(request)
    sessions.expire_due(world)
    path = request.scope["path"]
    call = Call(world=world, path=path, params={}, ids=(object_id,), base_url=base_url(request))
    try:
        obj = deed(call)
    except Refusal as refusal:
        if refusal.is_saved:
            world.commit()
        world.rollback()
        raise
    except BaseException:
        world.rollback()
        raise
    world.commit()
    return obj


def person_of(content: dict[str, Any]) -> Person:
    """Return what the person typed, from the JSON of the control API or of a form."""
    card = content.get("card")
    if isinstance(card, dict):
        content = {**content, **card, "card": card.get("number")}
    if not isinstance(content.get("card"), str) or not content["card"].strip():
        raise Bad("A card number is needed.", fields={"card": "is missing"})
    shipping = content.get("shipping")
    if isinstance(shipping, dict):
        shipping = {**shipping, "address": address_of(shipping.get("address") or shipping)}
    return Person(
        card=content["card"],
        exp_month=_number(content, "exp_month"),
        exp_year=_number(content, "exp_year"),
        cvc=_text(content, "cvc"),
        email=_text(content, "email"),
        name=_text(content, "name"),
        phone=_text(content, "phone"),
        address=address_of(content.get("address")),
        shipping=shipping if isinstance(shipping, dict) else None,
    )


def address_of(given: Any) -> dict[str, Any]:
    """Return an address by Stripe's names, whether it came by those or by the platform's."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Bad("An address is an object.", fields={"address": "must be an object"})
    return {
        part: next((str(given[name]) for name in names if given.get(name)), None)
        for part, names in _ADDRESS_PARTS.items()
    }


@post("/sandbox/checkout-sessions/{session_id:str}/complete", status_code=200)
async def complete_session(request: Web, session_id: FromPath[str]) -> Response[bytes]:
    content = await json_body(request)
    person = person_of(content)
    passes_bank = content.get("authenticate", True)
    session = act(request, session_id, lambda call: completion.submit(call, session_id, person))
    if session["status"] == "open":
        session = act(
            request,
            session_id,
            lambda call: completion.authenticate(call, session_id, succeeds=bool(passes_bank)),
        )
    return json_response(public(session))


@post("/sandbox/payment-intents/{intent_id:str}/authenticate", status_code=200)
async def authenticate_intent(request: Web, intent_id: FromPath[str]) -> Response[bytes]:
    succeeds = (await json_body(request)).get("succeed")
    if not isinstance(succeeds, bool):
        raise Bad("Say whether it succeeds.", fields={"succeed": "must be true or false"})

    return json_response(public(answered_bank(request, intent_id, succeeds=succeeds)))


def answered_bank(request: Web, intent_id: str, *, succeeds: bool) -> Obj:
    """Answer the bank for the person; that the payment failed is an outcome, not an error."""

    def deed(call: Call) -> Obj:
        intent = payment_intents.find(call)
        if intent["status"] != "requires_action":
            raise Bad(
                f"Nothing waits for the person: the status is {intent['status']}.", status=409
            )
        try:
            return confirmations.authenticate(call, intent, succeeds=succeeds)
        except Refusal as refusal:
            if refusal.status != 402:
                raise
            return payment_intents.find(call)

    return act(request, intent_id, deed)


@get("/sandbox/payment-intents.json")
async def list_payment_intents(request: Web) -> Response[bytes]:
    """Everything that was ever charged, newest first; `?campaign=` for one campaign's."""
    store = world_of(request).store
    campaign = request.query_params.get("campaign")
    shown = []
    for intent_id in store.newest_first("payment_intent"):
        intent = store.get("payment_intent", intent_id)
        if intent and campaign in (None, intent["metadata"].get("campaign")):
            shown.append(shown_intent(intent))
    return json_response(shown)


def shown_intent(intent: Obj) -> Obj:
    names = ("id", "amount", "currency", "customer", "status", "metadata", "created")
    error = intent["last_payment_error"] or {}
    return {
        **{name: intent[name] for name in names},
        "idempotency_key": intent["_idempotency_key"],
        "attempts": intent["_attempts"],
        "amount_received": intent["amount_received"],
        "payment_method": intent["payment_method"],
        "last_error": error.get("decline_code") or error.get("code"),
    }


@get("/sandbox/requests.json")
async def list_requests(request: Web) -> Response[bytes]:
    """List what Stripe's API was asked lately, oldest first: `at` is real time in seconds."""
    return json_response(list(world_of(request).requests))


@get("/sandbox/clock")
async def read_clock(request: Web) -> Response[bytes]:
    return json_response(world_of(request).clock.shown())


@post("/sandbox/clock", status_code=200)
async def move_clock(request: Web) -> Response[bytes]:
    content = await json_body(request)
    return json_response(await moved_clock(request, content))


async def moved_clock(request: Web, content: dict[str, Any]) -> dict[str, Any]:
    """Move the clock for everybody, then say what it shows."""
    world = world_of(request)
    platform: PlatformClock = request.app.state.platform_clock
    unknown = [name for name in content if name not in ("now", "advance", "reset")]
    if unknown or len(content) != 1:
        names = unknown or list(content) or ["now"]
        raise Bad(
            'Say exactly one of "now", "advance" and "reset".',
            fields=dict.fromkeys(names, "give exactly one of now, advance, reset"),
        )
    name, value = next(iter(content.items()))
    try:
        _move(world.clock, name, value)
    except (ValueError, OverflowError) as exc:
        raise Bad(f"{name} {exc}", fields={name: str(exc)}) from exc
    world.remember_controls()
    world.commit()
    sessions.expire_due(world)
    if not await platform.follow():
        return {**world.clock.shown(), "platform": "pending"}
    return {**world.clock.shown()}


def _move(clock: Any, name: str, value: Any) -> None:
    if name == "reset":
        if value is not True:
            raise ValueError("must be true")
        clock.reset()
        return
    if not isinstance(value, str):
        raise ValueError("must be text")
    moment: datetime | timedelta
    if name == "now":
        moment = parse_instant(value)
        clock.move_to(moment)
    else:
        moment = parse_duration(value)
        clock.move_by(moment)


@get("/sandbox/faults")
async def read_faults(request: Web) -> Response[bytes]:
    return json_response(world_of(request).faults.shown())


@post("/sandbox/faults", status_code=200)
async def set_faults(request: Web) -> Response[bytes]:
    content = await json_body(request)
    return json_response(changed_faults(request, content))


def changed_faults(request: Web, content: dict[str, Any]) -> dict[str, Any]:
    """Merge the faults; `{"reset": true}` ends all of them, before others given beside it."""
    world = world_of(request)
    changes = dict(content)
    is_reset = changes.pop("reset", False)
    if not isinstance(is_reset, bool):
        raise Bad("reset must be true", fields={"reset": "must be true"})
    try:
        world.faults.check(changes)
    except FaultError as exc:
        raise Bad(f"{exc.field} {exc}", fields={exc.field: str(exc)}) from exc
    if is_reset:
        world.faults.reset()
    world.faults.merge(changes)
    world.remember_controls()
    world.commit()
    return world.faults.shown()


def _text(content: dict[str, Any], name: str) -> str | None:
    value = content.get(name)
    return str(value).strip() if value not in (None, "") else None


def _number(content: dict[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError as exc:
        raise Bad(f"{name} must be a number.", fields={name: "must be a number"}) from exc


HANDLERS = [
    complete_session,
    authenticate_intent,
    list_payment_intents,
    list_requests,
    read_clock,
    move_clock,
    read_faults,
    set_faults,
]
