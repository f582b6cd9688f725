"""A hostile request as data: what is sent, and the one answer that is right.

`$NAME` in a target, header or body is replaced by what the running platform calls it
(tests/hostile/stage.py), so that a case reads the same every time.
"""

import json
from typing import Any

import msgspec

JSON = {"Content-Type": "application/json"}
OURS = {"Origin": "$SITE"}
OPERATOR = {"Authorization": "Bearer $ADMIN"}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer. With `raw` nothing of ours is added to the bytes.

    `signature` names how a webhook is signed (stage.py); `shown` is what the table in
    docs/proof-input.md says where the name alone would not do.
    """

    name: str
    method: str = "GET"
    target: str = "/"
    headers: dict[str, str] = {}
    body: bytes | None = None
    raw: bytes | None = None
    signature: str | None = None
    status: int
    error: str = ""

    @property
    def sent_to(self) -> str:
        """Return the request in short."""
        if self.raw is not None:
            return self.raw.split(b"\r\n")[0][:60].decode("ascii", "backslashreplace")
        target = self.target if len(self.target) <= 60 else self.target[:57] + "…"
        return f"{self.method} {target}"


def read(name: str, target: str, status: int, error: str = "", **headers: str) -> Case:
    """Return a GET; a header's underscores are hyphens."""
    return Case(name=name, target=target, headers=_named(headers), status=status, error=error)


def write(name: str, target: str, body: Any, status: int, error: str = "", **headers: str) -> Case:
    """Return a POST as our own pages send it, with bytes as they are and all else as JSON."""
    return Case(
        name=name,
        method="POST",
        target=target,
        headers={**OURS, **JSON, **_named(headers)},
        body=as_bytes(body),
        status=status,
        error=error,
    )


def operate(
    name: str, target: str, body: Any, status: int, error: str = "", **headers: str
) -> Case:
    """Return a POST as an operator's script sends it."""
    return Case(
        name=name,
        method="POST",
        target=target,
        headers={**OPERATOR, **JSON, **_named(headers)},
        body=as_bytes(body),
        status=status,
        error=error,
    )


def as_bytes(body: Any) -> bytes:
    """Return a body as it goes over the wire."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}
