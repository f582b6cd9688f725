"""Why a request is refused: one small vocabulary, mapped to HTTP once.

`reason` is the stable machine code clients rely on (interfaces.md), `message` a
sentence for a person, `fields` names what was wrong with the input.
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A rule says no. Nothing has changed."""

    status = 400

    def __init__(
        self, reason: str, message: str, *, fields: Mapping[str, str] | None = None, **extra: object
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
        self.fields = dict(fields or {})
        self.extra = extra


class InputRefused(Refusal):
    """The input is malformed or breaks a rule of the content."""

    status = 400


class NotAuthenticated(Refusal):
    """Nobody shows who they are: no secret, no signature, no link, or none that holds."""

    status = 401


class LinkRefused(NotAuthenticated):
    """No link, a bad one, or one that is over."""


class NotYours(Refusal):
    """Somebody else's order, a foreign origin, a missing CSRF value."""

    status = 403


class NotFound(Refusal):
    """There is no such thing."""

    status = 404


class StateRefused(Refusal):
    """The state says no: sold out, not live, too late, already done."""

    status = 409


class TooMany(Refusal):
    """Asked too often; `retry_after_seconds` says when to come back."""

    status = 429

    def __init__(
        self, reason: str, message: str, *, retry_after_seconds: int, **extra: object
    ) -> None:
        super().__init__(reason, message, fields=None, **extra)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Refusal):
    """A part this needs is away; nothing has changed and trying again is safe."""

    status = 503

    def __init__(self, reason: str, message: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(reason, message)
        self.retry_after_seconds = retry_after_seconds
