"""What stripe.js and its frames ask: acts of the person, each opened by a client secret."""

import hmac
from typing import Any

from litestar import Response, post

from deploy.sandbox import completion
from deploy.sandbox.control import act, person_of
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import confirmations
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import missing
from deploy.sandbox.web import Bad, Web, json_body, json_response, world_of

_KINDS = {"cs": "checkout.session", "pi": "payment_intent"}
# What a browser may see of a PaymentIntent with its client secret.
_SHOWN = (
    "id",
    "object",
    "amount",
    "client_secret",
    "created",
    "currency",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "status",
)


def opened(request: Web, client_secret: Any) -> Obj:
    """Return the session or PaymentIntent this client secret opens, or refuse."""
    secret = str(client_secret or "")
    object_id, _, _ = secret.partition("_secret_")
    kind = _KINDS.get(object_id.partition("_")[0], "")
    obj = world_of(request).store.get(kind, object_id)
    expected = str((obj or {}).get("client_secret") or "")
    if obj is None or not hmac.compare_digest(expected.encode(), secret.encode()):
        raise missing(kind or "object", object_id[:80], param="client_secret")
    return obj


@post("/elements/session", status_code=200)
async def read_session(request: Web) -> Response[bytes]:
    content = await json_body(request)
    session_id = opened(request, content.get("clientSecret"))["id"]
    session = act(request, session_id, lambda call: call.find("checkout.session", session_id))
    return json_response({"session": _session(request, session)})


@post("/elements/confirm", status_code=200)
async def confirm_session(request: Web) -> Response[bytes]:
    content = await json_body(request)
    session_id = opened(request, content.get("clientSecret"))["id"]
    person = person_of(content)
    session = act(request, session_id, lambda call: completion.submit(call, session_id, person))
    return json_response({"session": _session(request, session)})


@post("/elements/authenticate", status_code=200)
async def authenticate(request: Web) -> Response[bytes]:
    content = await json_body(request)
    succeeds = bool(content.get("succeed"))
    obj = opened(request, content.get("clientSecret"))
    if obj["object"] == "payment_intent":
        intent = act(
            request,
            obj["id"],
            lambda call: confirmations.authenticate(
                call, call.find("payment_intent", call.id), succeeds=succeeds
            ),
        )
        return json_response({"paymentIntent": _intent(intent)})
    session = act(
        request,
        obj["id"],
        lambda call: completion.authenticate(call, call.id, succeeds=succeeds),
    )
    return json_response({"session": _session(request, session)})


@post("/elements/payment-intent", status_code=200)
async def read_intent(request: Web) -> Response[bytes]:
    content = await json_body(request)
    return json_response({"paymentIntent": _intent(opened(request, content.get("clientSecret")))})


@post("/elements/confirm-payment", status_code=200)
async def confirm_intent(request: Web) -> Response[bytes]:
    """Confirm with the person there, with a saved card."""
    content = await json_body(request)
    intent = opened(request, content.get("clientSecret"))
    if intent["object"] != "payment_intent":
        raise Bad("This client secret opens no PaymentIntent.")

    def deed(call: Call) -> Obj:
        if content.get("paymentMethod"):
            call.params["payment_method"] = str(content["paymentMethod"])
        # Without a return_url stripe.js shows the bank's question itself.
        call.params["return_url"] = str(content.get("returnUrl") or call.base_url)
        return confirmations.confirm(call, call.find("payment_intent", call.id))

    return json_response({"paymentIntent": _intent(act(request, intent["id"], deed))})


def _session(request: Web, session: Obj) -> Obj:
    call = Call(world=world_of(request), path="", params={})
    status = {"type": session["status"]}
    if session["status"] == "complete":
        status["paymentStatus"] = session["payment_status"]
    return {
        "id": session["id"],
        "currency": session["currency"],
        "email": completion.known_email(call, session),
        "status": status,
        "returnUrl": session["return_url"],
        "requiresAction": completion.is_waiting_for_bank(call, session),
    }


def _intent(intent: Obj) -> Obj:
    return {name: intent[name] for name in _SHOWN}


HANDLERS = [read_session, confirm_session, authenticate, read_intent, confirm_intent]
