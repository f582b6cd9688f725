"""Exceptions to answers, once: `{"error", "message"}`, with `fields` for bad input."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from contracts.refusals import Refusal, TooMany, Unavailable
from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY

log = telemetry.logger(__name__)

BY_STATUS = {
    400: ("invalid_input", "The request is not valid."),
    401: ("unauthorized", "A valid link or secret is needed."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "Send JSON as application/json."),
}
PRIVATE = {"Cache-Control": "private, no-store"}
"""For answers to one person."""
FRESH = {"Cache-Control": "no-cache"}
"""For what everybody may know, and only as it is now."""


def answer(
    status: int,
    reason: str,
    message: str,
    *,
    fields: Mapping[str, str] | None = None,
    extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[dict[str, Any]]:
    """Return the one error shape every client can rely on."""
    body: dict[str, Any] = {"error": reason, "message": message, **(extra or {})}
    if fields:
        body["fields"] = dict(fields)
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers={**PRIVATE, **(headers or {})},
    )


def refused(_: Request[Any, Any, Any], exc: Refusal) -> Response[dict[str, Any]]:
    """Answer a refusal with its own status, reason and words."""
    headers: dict[str, str] = {}
    if isinstance(exc, TooMany | Unavailable):
        headers["Retry-After"] = str(exc.retry_after_seconds)
    return answer(
        exc.status, exc.reason, exc.message, fields=exc.fields, extra=exc.extra, headers=headers
    )


def http_error(_: Request[Any, Any, Any], exc: HTTPException) -> Response[dict[str, Any]]:
    """Answer what the framework refused before a handler was reached."""
    reason, message = BY_STATUS.get(exc.status_code, ("error", "The request failed."))
    headers = dict(exc.headers or {})
    fields = _fields(exc.extra)
    return answer(exc.status_code, reason, message, fields=fields, headers=headers)


def busy(_: Request[Any, Any, Any], exc: Exception) -> Response[dict[str, Any]]:
    """Answer a database that is away or out of budget: nothing was changed."""
    log.warning("request_busy", error=type(exc).__name__)
    return answer(
        503,
        "busy",
        "We are busy for a moment. Nothing was changed.",
        headers={"Retry-After": "5"},
    )


def fault(_: Request[Any, Any, Any], exc: Exception) -> Response[dict[str, Any]]:
    """Answer our own mistake without a word about its inside."""
    log.error("request_failed", exc_info=exc)
    return answer(500, "internal_error", "Something went wrong on our side.")


def _fields(extra: object) -> dict[str, str]:
    if not isinstance(extra, list):
        return {}
    return {
        str(each["key"]): str(each.get("message", "invalid"))
        for each in extra
        if isinstance(each, dict) and each.get("key", "data") != "data"
    }


HANDLERS: dict[Any, Any] = {
    Refusal: refused,
    HTTPException: http_error,
    **dict.fromkeys(DATABASE_BUSY, busy),
    Exception: fault,
}
