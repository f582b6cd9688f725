"""The sandbox's own page: the clock, the faults, what happened, with buttons."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath

from deploy.sandbox import cards, control
from deploy.sandbox.frames import page_csp, templates
from deploy.sandbox.outcomes import DECLINE_CODES
from deploy.sandbox.store import Obj
from deploy.sandbox.web import Bad, Web, form_body, html_response, see_other, world_of
from deploy.sandbox.world import World

SHOWN_MAX = 10

_MOVES = (
    ("PT1H", "One hour on"),
    ("P1D", "One day on"),
    ("P7D", "A week on"),
    ("P30D", "30 days on"),
)
_NUMBERS = (
    ("latency_ms", "Latency", "Milliseconds before every answer", 600_000, 1),
    ("error_rate", "Errors", "Share of requests that answer 500, 0 to 1", 1, "any"),
    ("timeout_rate", "Lost answers", "Share whose work is done and not answered, 0 to 1", 1, "any"),
    (
        "rate_limit_per_second",
        "Rate limit",
        "Requests a second; 0 is no limit",
        1_000_000,
        1,
    ),
    (
        "endpoint_rate_limit_per_second",
        "Rate limit of an endpoint",
        "Requests a second of one kind; 0 is no limit",
        1_000_000,
        1,
    ),
    (
        "resend_rate_limit_per_second",
        "Rate limit of mails",
        "Requests to Resend a second, a batch being one; 0 is no limit",
        1_000_000,
        1,
    ),
    ("webhook_delay_ms", "Webhook delay", "Milliseconds before each delivery", 86_400_000, 1),
)
_SWITCHES = (
    ("duplicate_webhooks", "Deliver every webhook twice"),
    ("reorder_webhooks", "Deliver webhooks out of order"),
    ("drop_webhooks", "Lose webhooks (they stay listed)"),
    ("resend_down", "Resend is away"),
    ("usps_down", "USPS is away"),
    ("usps_busy", "USPS says that it is asked too often"),
)
_TONES = {
    "succeeded": "good",
    "delivered": "good",
    "pending": "lamp",
    "requires_action": "lamp",
    "requires_confirmation": "lamp",
    "requires_payment_method": "lamp",
    "dropped": "bad",
    "given_up": "bad",
    "canceled": "bad",
}


def _card_number(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def instant(text: str) -> str:
    """Return an ISO instant as people read it."""
    return datetime.fromisoformat(text).strftime("%d %b %Y, %H:%M:%S UTC").lstrip("0")


templates.filters.update(
    card_number=_card_number,
    money=lambda cents: f"{cents // 100:,}.{cents % 100:02d}",
    tone=lambda state: _TONES.get(state, ""),
    instant=instant,
)


@get("/")
async def home(request: Web) -> Response[str]:
    world = world_of(request)
    clock = world.clock.shown()
    html = templates.get_template("home.html").render(
        site_base=world.settings.site_base,
        problem=request.query_params.get("problem", "")[:300],
        clock=clock,
        clock_shown=instant(str(clock["now"])),
        offset_shown=_offset_shown(world),
        moves=_MOVES,
        mail_count=world.store.count("mail"),
        cards=cards.CARDS,
        chargeable=[card for card in cards.CARDS if not card.save],
        intents=_intents(world),
        intent_count=world.store.count("payment_intent"),
        webhook_url=world.settings.stripe_webhook_url,
        events=_events(world),
        faults=world.faults.shown(),
        fault_numbers=_NUMBERS,
        fault_switches=_SWITCHES,
        decline_codes=sorted(DECLINE_CODES),
    )
    return html_response(html, csp=page_csp())


@post("/clock")
async def move_clock(request: Web) -> Response[str]:
    form: dict[str, Any] = dict(await form_body(request))
    if "reset" in form:
        form = {"reset": True}
    try:
        await control.moved_clock(request, form)
    except Bad as bad:
        return see_other(f"/?problem={quote(str(bad))}")
    return see_other("/#clock")


@post("/faults")
async def set_faults(request: Web) -> Response[str]:
    form = await form_body(request)
    changes: dict[str, Any] = {"reset": True}
    if form.get("act") != "reset":
        changes = {name: _typed_number(form.get(name, "")) for name, *_ in _NUMBERS}
        changes |= {name: form.get(name) == "true" for name, _ in _SWITCHES}
        if form.get("decline_card"):
            changes["decline"] = {form["decline_card"]: form.get("decline_code", "")}
    try:
        control.changed_faults(request, changes)
    except Bad as bad:
        return see_other(f"/?problem={quote(str(bad))}")
    return see_other("/#faults")


@post("/payment-intents/{intent_id:str}/authenticate")
async def authenticate(request: Web, intent_id: FromPath[str]) -> Response[str]:
    form = await form_body(request)
    try:
        control.answered_bank(request, intent_id, succeeds=form.get("succeed") == "true")
    except Bad as bad:
        return see_other(f"/?problem={quote(str(bad))}")
    return see_other("/#intents")


def _typed_number(text: str) -> float | str:
    """Return the number, or the text, which the faults then refuse by name."""
    try:
        number = float(text or 0)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _offset_shown(world: World) -> str:
    seconds = round(world.clock.offset_seconds)
    if seconds == 0:
        return "It shows real time."
    direction = "ahead of" if seconds > 0 else "behind"
    return f"It is {timedelta(seconds=abs(seconds))} {direction} real time."


def _intents(world: World) -> list[Obj]:
    shown = []
    for intent_id in world.store.newest_first("payment_intent"):
        intent = world.store.get("payment_intent", intent_id)
        if intent:
            shown.append(control.shown_intent(intent))
        if len(shown) == SHOWN_MAX:
            break
    return shown


def _events(world: World) -> list[Obj]:
    shown = []
    for event_id in world.store.newest_first("event"):
        event = world.store.get("event", event_id)
        if event is None:
            continue
        delivery = world.store.get("delivery", event_id) or {"state": "listed", "attempts": 0}
        at = datetime.fromtimestamp(event["created"], UTC).isoformat()
        shown.append(
            {
                "type": event["type"],
                "about": event["data"]["object"]["id"],
                "at": at,
                "at_shown": instant(at),
                "state": delivery["state"],
                "attempts": delivery["attempts"],
                "last_status": delivery.get("last_status"),
            }
        )
        if len(shown) == SHOWN_MAX:
            break
    return shown


HANDLERS = [home, move_clock, set_faults, authenticate]
