"""What people can't do while the platform is restored: whatever would change something.

Pages and questions are answered as ever. Operators and webhooks come in: the first to
compare, the second to be kept. Source: reliability B-4.
"""

import re
from collections.abc import Callable
from typing import Any

from litestar import Request

from contracts.refusals import Unavailable
from contracts.routes import ROUTES
from services.chassis.storage.clock import PlatformClock

RETRY_SECONDS = 300
TYPED = re.compile(r":\w+\}")
OPEN_TO = ("admin", "webhook")


def closed_paths(owner: str) -> frozenset[str]:
    """Return the paths of a service on which people change something."""
    return frozenset(
        route.path
        for route in ROUTES
        if route.owner == owner and route.method == "POST" and route.access not in OPEN_TO
    )


def closed_in_recovery(
    owner: str, clock: PlatformClock
) -> Callable[[Request[Any, Any, Any]], None]:
    """Return what looks at every request of a service before it is answered.

    It raises `Unavailable` for a change while the platform recovers.
    """
    closed = closed_paths(owner)

    def look(request: Request[Any, Any, Any]) -> None:
        if clock.is_recovering and request.method == "POST":
            template = TYPED.sub("}", str(request.scope.get("path_template", "")))
            if template in closed:
                raise Unavailable(
                    "recovering",
                    "We are putting this site back together from its backup. Nothing of"
                    " yours is changed meanwhile. Please come back later.",
                    retry_after_seconds=RETRY_SECONDS,
                )

    return look
