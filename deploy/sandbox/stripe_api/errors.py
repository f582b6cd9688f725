"""Refusals in Stripe's own shape, status and words."""

from typing import Any

_DOC_URL = "https://docs.stripe.com/error-codes/"


class Refusal(Exception):
    """An answer other than 200.

    `is_saved` says whether execution had begun: then the answer is kept for its idempotency
    key. What fails validation is not, so the caller may correct it under the same key.
    """

    def __init__(self, status: int, error: dict[str, Any], *, is_saved: bool) -> None:
        super().__init__(error.get("message"))
        self.status = status
        self.error = {name: value for name, value in error.items() if value is not None}
        self.is_saved = is_saved
        if code := self.error.get("code"):
            self.error.setdefault("doc_url", _DOC_URL + str(code).replace("_", "-"))


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """Return a refusal of the parameters themselves, before anything happened."""
    return _invalid_request(400, message, param=param, code=code, is_saved=False)


def refused(
    message: str, *, code: str | None = None, param: str | None = None, **carried: Any
) -> Refusal:
    """Return a refusal by the state of things; `carried` objects travel in the error."""
    return _invalid_request(400, message, param=param, code=code, is_saved=True, **carried)


def missing(kind: str, object_id: str, *, param: str = "id") -> Refusal:
    return _invalid_request(
        404, f"No such {kind}: '{object_id}'", param=param, code="resource_missing", is_saved=True
    )


def not_modelled(what: str, *, param: str | None = None) -> Refusal:
    """Refuse what Stripe knows and this sandbox does not play, rather than ignore it."""
    return invalid(
        f"Stripe knows {what}; this sandbox does not play it.",
        param=param,
        code="sandbox_not_modelled",
    )


def card_error(
    code: str,
    message: str,
    *,
    decline_code: str | None = None,
    advice_code: str | None = None,
    param: str | None = None,
    **carried: Any,
) -> Refusal:
    error = {
        "type": "card_error",
        "code": code,
        "decline_code": decline_code,
        "advice_code": advice_code,
        "message": message,
        "param": param,
        **carried,
    }
    return Refusal(402, error, is_saved=True)


def idempotency_error(status: int, message: str, *, code: str | None = None) -> Refusal:
    error = {"type": "idempotency_error", "code": code, "message": message}
    return Refusal(status, error, is_saved=False)


def api_error() -> Refusal:
    """Return the 500 of the `error_rate` fault."""
    message = "An unknown error occurred (the sandbox was told to fail)."
    return Refusal(500, {"type": "api_error", "message": message}, is_saved=True)


def _invalid_request(
    status: int,
    message: str,
    *,
    param: str | None,
    code: str | None,
    is_saved: bool,
    **carried: Any,
) -> Refusal:
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": message,
        "param": param,
        **carried,
    }
    return Refusal(status, error, is_saved=is_saved)
