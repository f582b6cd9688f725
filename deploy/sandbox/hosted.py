"""The hosted pages: saving a card on the sandbox's own page, and the bank's question."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from deploy.sandbox import completion
from deploy.sandbox.browser import opened
from deploy.sandbox.completion import SessionOver
from deploy.sandbox.control import act, person_of
from deploy.sandbox.frames import page_csp, templates
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import confirmations
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import Refusal
from deploy.sandbox.web import Web, form_body, html_response, see_other, world_of

_ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
_WORDS = {
    "en": {
        "title": "Save your card",
        "lead": "Nothing is charged now. This is a test: type a test card.",
        "email": "Email",
        "card": "Card number",
        "expiry": "Expiration date",
        "expiry_shape": "MM / YY",
        "cvc": "Security code",
        "name": "Name on card",
        "shipping": "Shipping address",
        "line1": "Address",
        "line2": "Apartment, floor (optional)",
        "city": "City",
        "state": "State or province",
        "postal": "ZIP or postal code",
        "country": "Country",
        "save": "Save card",
        "back": "Go back",
        "bank": "This is a test. Your bank would ask you here whether it is really you.",
        "complete": "Complete authentication",
        "fail": "Fail authentication",
        "over_complete": "This page is done: your card was saved.",
        "over_expired": "This page has expired. Please go back and start again.",
    },
    "es": {
        "title": "Guarda tu tarjeta",
        "lead": "Ahora no se cobra nada. Esto es una prueba: escribe una tarjeta de prueba.",
        "email": "Correo electrónico",
        "card": "Número de tarjeta",
        "expiry": "Fecha de vencimiento",
        "expiry_shape": "MM / AA",
        "cvc": "Código de seguridad",
        "name": "Nombre en la tarjeta",
        "shipping": "Dirección de envío",
        "line1": "Dirección",
        "line2": "Apartamento, piso (opcional)",
        "city": "Ciudad",
        "state": "Estado o provincia",
        "postal": "Código postal",
        "country": "País",
        "save": "Guardar tarjeta",
        "back": "Volver",
        "bank": "Esto es una prueba. Aquí tu banco te preguntaría si de verdad eres tú.",
        "complete": "Completar la autenticación",
        "fail": "Rechazar la autenticación",
        "over_complete": "Esta página ya terminó: tu tarjeta se guardó.",
        "over_expired": "Esta página venció. Vuelve atrás y empieza de nuevo.",
    },
}


@get("/c/pay/{session_id:str}")
async def show_page(request: Web, session_id: FromPath[str]) -> Response[str]:
    session = act(request, session_id, lambda call: call.find("checkout.session", session_id))
    return _page(request, session)


@post("/c/pay/{session_id:str}", status_code=200)
async def submit_page(request: Web, session_id: FromPath[str]) -> Response[str]:
    typed = await form_body(request)
    try:
        session = act(request, session_id, lambda call: _deed(call, session_id, typed))
    except SessionOver:
        return await _shown_again(request, session_id)
    except Refusal as refusal:
        return await _shown_again(request, session_id, str(refusal.error["message"]), typed)
    if session["status"] == "complete":
        url = session["success_url"] or session["return_url"]
        return see_other(url.replace("{CHECKOUT_SESSION_ID}", session["id"]))
    return _page(request, session)


@get("/3ds/{secret:str}")
async def show_challenge(request: Web, secret: FromPath[str]) -> Response[str]:
    """The bank's page, where `next_action.redirect_to_url` leads."""
    intent = opened(request, secret)
    if intent["status"] != "requires_action":
        return see_other(_return_url(intent))
    html = templates.get_template("bank.html").render(words=_WORDS["en"], secret=secret)
    return html_response(html, csp=page_csp(leads_away=True))


@post("/3ds/{secret:str}", status_code=200)
async def answer_challenge(request: Web, secret: FromPath[str]) -> Response[str]:
    succeeds = (await form_body(request)).get("succeed") == "true"
    intent = opened(request, secret)
    return_url = _return_url(intent)
    try:
        act(
            request,
            intent["id"],
            lambda call: confirmations.authenticate(
                call, call.find("payment_intent", call.id), succeeds=succeeds
            ),
        )
    except Refusal:
        return see_other(f"{return_url}&redirect_status=failed")
    return see_other(f"{return_url}&redirect_status=succeeded")


def _return_url(intent: Obj) -> str:
    action = (intent["next_action"] or {}).get("redirect_to_url") or {}
    url = str(action.get("return_url") or "/")
    mark = "&" if "?" in url else "?"
    secret = intent["client_secret"]
    return f"{url}{mark}payment_intent={intent['id']}&payment_intent_client_secret={secret}"


def _deed(call: Call, session_id: str, typed: dict[str, str]) -> Obj:
    if "succeed" in typed:
        succeeds = typed["succeed"] == "true"
        return completion.authenticate(call, session_id, succeeds=succeeds)
    month, _, year = typed.get("expiry", "").replace(" ", "").partition("/")
    if not year:
        month, year = month[:2], month[2:]
    address = {name: typed.get(name) for name in _ADDRESS}
    content: dict[str, Any] = {**typed, "exp_month": month, "exp_year": year, "address": address}
    return completion.submit(call, session_id, person_of(content))


async def _shown_again(
    request: Web, session_id: str, problem: str = "", typed: dict[str, str] | None = None
) -> Response[str]:
    session = act(request, session_id, lambda call: call.find("checkout.session", session_id))
    return _page(request, session, problem, typed, status=402 if problem else 409)


def _page(
    request: Web,
    session: Obj,
    problem: str = "",
    typed: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    call = Call(world=world_of(request), path="", params={})
    lang = "es" if str(session["locale"] or "").startswith("es") else "en"
    words = _WORDS[lang]
    known = completion.known_email(call, session)
    collection = session["shipping_address_collection"] or {}
    html = templates.get_template("pay.html").render(
        lang=lang,
        words=words,
        session=session,
        over=words[f"over_{session['status']}"] if session["status"] != "open" else "",
        is_waiting=completion.is_waiting_for_bank(call, session),
        problem=problem,
        email=known or (typed or {}).get("email", ""),
        is_email_known=known is not None,
        countries=collection.get("allowed_countries", []),
        typed=typed or {},
    )
    return html_response(html, csp=page_csp(leads_away=True), status=status)


HANDLERS = [show_page, submit_page, show_challenge, answer_challenge]
