"""What people can't change while a restored platform waits for its operator."""

import pytest
from litestar import Litestar, get, post
from litestar.params import FromPath
from litestar.testing import TestClient

from contracts.routes import ROUTES
from services.chassis.storage.clock import PlatformClock
from services.chassis.web import errors
from services.chassis.web.closed import closed_in_recovery, closed_paths


@get("/pledge", sync_to_thread=False)
def read() -> dict[str, bool]:
    return {"read": True}


@post("/pledge/cancel", status_code=200, sync_to_thread=False)
def cancel() -> dict[str, bool]:
    return {"cancelled": True}


@post("/stats/{slug:str}/check", status_code=200, sync_to_thread=False)
def check(slug: FromPath[str]) -> dict[str, str]:
    return {"checked": slug}


@pytest.mark.parametrize("is_recovering", [False, True])
def test_a_change_waits_and_everything_else_is_answered(is_recovering: bool) -> None:
    clock = PlatformClock()
    clock.is_recovering = is_recovering
    app = Litestar(
        [read, cancel, check],
        before_request=closed_in_recovery("pledges", clock),
        exception_handlers=errors.HANDLERS,
    )

    with TestClient(app) as visitor:
        seen = visitor.get("/pledge").status_code
        operators = visitor.post("/stats/film/check").status_code
        change = visitor.post("/pledge/cancel")

    assert (seen, operators) == (200, 200)
    if is_recovering:
        assert (change.status_code, change.json()["error"]) == (503, "recovering")
        assert int(change.headers["retry-after"]) > 0
    else:
        assert change.json() == {"cancelled": True}


def test_what_operators_and_vendors_send_is_never_closed() -> None:
    closed = {
        path for owner in ("checkout", "pledges", "settlement") for path in closed_paths(owner)
    }
    open_to = {each.path for each in ROUTES if each.access in ("admin", "webhook")}

    assert {"/checkout-intent/start", "/pledge/cancel", "/pledge/modify"} <= closed
    assert not closed & open_to
