"""Five hundred want the last seven, two processes sell them, and one is killed meanwhile."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.campaigns import AddOnText, TierText
from tests.support.invariants import assert_invariants
from tests.support.platform import Platform, a_slug, eventually
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.stack

BUYERS, LEFT = 500, 7


@pytest.fixture(scope="module")
def two() -> Iterator[Stack]:
    """A platform with two processes of checkout behind one gateway."""
    with running_stack(checkouts=2) as running:
        yield running


@pytest.fixture
def shop(two: Stack) -> Iterator[Platform]:
    visitor = Platform(two)
    # Stripe takes its time, so that the kill finds somebody between two steps.
    visitor.sandbox.post("/sandbox/faults", json={"latency_ms": 300}).raise_for_status()
    yield visitor
    visitor.sandbox.post("/sandbox/faults", json={"reset": True}).raise_for_status()
    visitor.close()
    assert_invariants(two)


@pytest.mark.parametrize("what", ["a tier", "a size of an add-on"])
def test_seven_of_five_hundred_get_it_and_the_others_hear_that_it_is_gone(
    two: Stack, shop: Platform, what: str
) -> None:
    is_tier = what == "a tier"
    shirt = AddOnText(id=a_slug("shirt"), sizes=(("s", 1_000 if is_tier else LEFT),))
    film = shop.publish(
        a_slug("seven"),
        goal="5000",
        tiers=(TierText(limit_total=LEFT if is_tier else None),),
        add_ons=(shirt,),
    )
    cart = [{"id": f"{film}__frame"}, {"id": f"addon__{shirt.id}__variant__s"}]

    told = _sell(two, cart)
    bought = [each for each in told if each["status"] == 200]
    for each in bought:
        shop.save_card(each["session"], email=each["email"]).raise_for_status()
    for each in bought:
        shop.wait_persisted(each["order"])

    assert Counter((each["status"], each["error"]) for each in told) == {
        (200, ""): LEFT,
        (409, "sold_out"): BUYERS - LEFT,
    }
    shelf = shop.http.get(f"/inventory/{film}").json()
    scarce = shelf["tiers"]["frame"] if is_tier else shelf["addOns"][f"{shirt.id}__variant__s"]
    assert scarce == {"limit": LEFT, "claimed": LEFT, "reserved": 0, "remaining": 0}
    live = eventually(
        lambda: (now := shop.live(film))["stats"]["pledgeCount"] == LEFT and now, what="counted"
    )
    assert live["stats"]["pledgedAmount"] == LEFT * 7_000


def _sell(two: Stack, cart: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Let the buyers come, kill one of the two who sell, and return what each was told."""
    argv = [sys.executable, "-m", "tests.journeys.buyers", two.site, json.dumps(cart), str(BUYERS)]
    told: list[dict[str, Any]] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout is not None
        for line in crowd.stdout:
            told.append(json.loads(line))
            if len(told) == 1:
                two.kill("checkout-2", signal.SIGKILL)
    assert crowd.returncode == 0
    return told
