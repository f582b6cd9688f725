"""Who may ask, where the question is not about a person: the operator's shared secret."""

import hmac
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from contracts.refusals import NotAuthenticated
from services.chassis.process.settings import Secret

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]

SCHEME = "bearer "


def bearer_guard(secret: Secret) -> Guard:
    """Return a guard that lets in `Authorization: Bearer <secret>` and nobody else.

    An empty secret lets in nobody: a guard that is not configured must not be open.
    """
    expected = secret.bytes()

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        header = connection.headers.get("authorization", "")
        is_bearer = header[: len(SCHEME)].lower() == SCHEME
        given = header[len(SCHEME) :].strip().encode() if is_bearer else b""
        if not expected or not hmac.compare_digest(given, expected):
            raise NotAuthenticated("unauthorized", "The operator's secret is needed.")

    return guard
