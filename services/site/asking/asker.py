"""Whom pages ask: one question to a service behind us, its answer read or refused."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from contracts.refusals import Refusal
from services.chassis.process import telemetry
from services.site.cart.answers import Refused
from services.site.door.upstream import Answer, Upstream

log = telemetry.logger(__name__)

JSON = "application/json"
ABOUT_THE_PERSON = ("user-agent", "accept-language", "traceparent")

T = TypeVar("T")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: their address, and what their browser says about itself."""

    address: str
    headers: Mapping[str, str]


class Asker:
    """Asks one service on a person's behalf."""

    def __init__(self, upstream: Upstream, *, places: tuple[str, ...], site_base: str) -> None:
        self._upstream = upstream
        self._places = places
        self._site_base = site_base

    async def ask(
        self,
        method: str,
        path: str,
        caller: Caller,
        *,
        seconds: float,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Refused:
        """Return a 200, or what was said instead; whoever is away has said 503."""
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
        return answer if answer.status == 200 else refusal_of(answer)


def read(answer: Answer, wanted: type[T]) -> T | Refused:
    """Return an answer as a type of ours; one we cannot read counts as away."""
    try:
        return msgspec.json.decode(answer.body, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.error("answer_not_readable", wanted=wanted.__name__)
        return Refused(status=503, error="unavailable")


def refusal_of(answer: Answer) -> Refused:
    """Return what a service said instead of an answer."""
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
