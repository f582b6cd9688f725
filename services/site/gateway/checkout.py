"""Asking checkout for what pages show: prices, starts, and what became of an order."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from contracts.refusals import Refusal
from services.chassis import telemetry
from services.site.cart.answers import Quote, Receipt, Refused, Started
from services.site.gateway.upstream import Answer, Upstream

log = telemetry.logger(__name__)

QUOTE_SECONDS = 10.0
START_SECONDS = 15.0
LOOK_SECONDS = 5.0
ABANDON_SECONDS = 10.0
JSON = "application/json"
ABOUT_THE_PERSON = ("user-agent", "accept-language", "traceparent")

T = TypeVar("T")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: their address, and what their browser says about itself."""

    address: str
    headers: Mapping[str, str]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout that was started, and the answer as checkout gave it."""

    started: Started
    raw: bytes


class Checkout:
    """The service behind the cart, as pages need it."""

    def __init__(self, upstream: Upstream, *, places: tuple[str, ...], site_base: str) -> None:
        self._upstream = upstream
        self._places = places
        self._site_base = site_base

    async def quote(self, body: Mapping[str, Any], caller: Caller) -> Quote | Refused:
        """Return what a cart costs, or why it cannot be priced."""
        answer = await self._ask("POST", "/quote", caller, body=body, seconds=QUOTE_SECONDS)
        return answer if isinstance(answer, Refused) else _read(answer, Quote)

    async def start(self, body: Mapping[str, Any], caller: Caller, *, key: str) -> Opened | Refused:
        """Start a checkout, once per key, or return why not."""
        headers = {"idempotency-key": key} if key else {}
        answer = await self._ask(
            "POST",
            "/checkout-intent/start",
            caller,
            body=body,
            seconds=START_SECONDS,
            headers=headers,
        )
        if isinstance(answer, Refused):
            return answer
        started = _read(answer, Started)
        if isinstance(started, Refused):
            return started
        return Opened(started=started, raw=answer.body)

    async def abandon(self, order_id: str, caller: Caller) -> None:
        """Give back what an order holds. When that fails its session ends by itself."""
        body = {"orderId": order_id}
        await self._ask(
            "POST", "/checkout-intent/abandon", caller, body=body, seconds=ABANDON_SECONDS
        )

    async def receipt(self, order_id: str, caller: Caller) -> Receipt | Refused:
        """Return an order as whoever knows its id may see it."""
        path = f"/checkout-intent/summary?orderId={order_id}"
        answer = await self._ask("GET", path, caller, seconds=LOOK_SECONDS)
        return answer if isinstance(answer, Refused) else _read(answer, Receipt)

    async def _ask(
        self,
        method: str,
        path: str,
        caller: Caller,
        *,
        seconds: float,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Refused:
        sent = {
            "accept": JSON,
            "origin": self._site_base,
            **{name: caller.headers[name] for name in ABOUT_THE_PERSON if name in caller.headers},
            **(headers or {}),
        }
        if body is not None:
            sent["content-type"] = JSON
        try:
            answer = await self._upstream.ask(
                method,
                self._places,
                path,
                headers=sent,
                body=b"" if body is None else msgspec.json.encode(body),
                client=caller.address,
                timeout_seconds=seconds,
            )
        except Refusal as refusal:
            return Refused(status=503, error=refusal.reason, message=refusal.message)
        return answer if answer.status == 200 else _refused(answer)


def _read(answer: Answer, wanted: type[T]) -> T | Refused:
    """Return an answer as a type of ours; one we cannot read counts as away."""
    try:
        return msgspec.json.decode(answer.body, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.error("answer_not_readable", wanted=wanted.__name__)
        return Refused(status=503, error="unavailable")


def _refused(answer: Answer) -> Refused:
    try:
        said = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = {}
    fields = said.get("fields")
    return Refused(
        status=answer.status,
        error=str(said.get("error", "")),
        message=str(said.get("message", "")),
        fields={str(name): str(text) for name, text in fields.items()}
        if isinstance(fields, dict)
        else {},
        extra=said,
    )
