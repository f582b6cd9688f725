"""A hundred texts that want to be markup, put wherever a visitor's can be put: nothing runs.

What makers write is tried in `test_hostile_words.py`. The browser ignores our content security
policy here, so that escaping alone has to hold. `./pool quality xss` plays three hundred.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from deploy.quality import xss
from deploy.quality.corpus import PAYLOADS
from deploy.quality.traps import Trap, set_in
from tests.support.campaigns import TierText
from tests.support.platform import Platform, RunningStack, a_slug, an_email

pytestmark = [pytest.mark.stack, pytest.mark.browser]

TRIED = PAYLOADS[:100]


@pytest.fixture
def trap(browser: Browser, stack: RunningStack) -> Iterator[Trap]:
    with set_in(browser, stack.site, stack.sandbox) as trap:
        yield trap


@pytest.fixture
def film(platform: Platform) -> str:
    """A film with a reward that asks something, and one that does not."""
    asking = TierText(id=xss.REWARD, question=xss.QUESTION)
    return platform.publish(a_slug("hostile"), ends_in_days=20, tiers=(asking, TierText()))


def test_visitors_texts_stay_texts(trap: Trap, film: str) -> None:
    for batch in xss.batches(TRIED, len(xss.CART)):
        xss.carts(trap, film, batch)
    for batch in xss.batches(TRIED, len(xss.QUERY)):
        xss.addresses(trap, film, batch)

    assert trap.looked == 2 * len(TRIED) // len(xss.CART) + 2 * len(TRIED) // len(xss.QUERY)
    assert trap.caught == []


def test_supporters_names_stay_names(trap: Trap, film: str, platform: Platform) -> None:
    email = an_email("ada")
    platform.pledge(film, email=email, tier="frame")
    token = platform.token(platform.mail(email, "Pledge confirmed"))

    xss.walls(trap, film, token, TRIED[::10])

    assert trap.page.locator(".wall li").count() == 1
    assert trap.caught == []


def test_the_trap_would_tell(trap: Trap, stack: RunningStack) -> None:
    trap.page.goto("/about/")
    trap.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=trap()>')"
    )
    trap.page.wait_for_function("document.images[document.images.length - 1].complete")
    trap.look("about")

    assert [each.partition(":")[0] for each in trap.caught] == ["trap on /about/", "about"]
