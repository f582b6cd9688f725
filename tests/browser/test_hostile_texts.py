"""A hundred texts that want to be markup, put wherever a text can be put: nothing runs.

The browser ignores our content security policy here, so that escaping alone has to hold.
`./pool quality xss` plays three hundred, in more places.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from deploy.chaos.content import TierText, campaign_file
from deploy.quality import xss
from deploy.quality.corpus import PAYLOADS
from deploy.quality.traps import Trap, set_in
from tests.support.platform import Platform, RunningStack, a_slug, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

TRIED = PAYLOADS[:100]
NAME_LENGTH_MAX = 160


@pytest.fixture
def trap(browser: Browser, stack: RunningStack) -> Iterator[Trap]:
    with set_in(browser, stack.site, stack.sandbox) as trap:
        yield trap


@pytest.fixture
def film(stack: RunningStack, platform: Platform) -> str:
    """A film that asks a question, whose rewards bear every one of the texts its file may hold."""
    slug = a_slug("hostile")
    names = [each[:NAME_LENGTH_MAX] for each in TRIED if each.isprintable()]
    tiers = (
        TierText(id=xss.REWARD, question=xss.QUESTION),
        *(
            TierText(id=f"t{number}", name=json.dumps(name, ensure_ascii=False))
            for number, name in enumerate(names[:99])
        ),
    )
    text = campaign_file(slug, now=platform.now(), ends_in_days=20, tiers=tiers)
    (stack.campaigns_dir / f"{slug}.md").write_text(text, encoding="utf-8")
    answer = platform.http.post("/admin/rebuild", json={}, headers=platform.admin)
    assert slug in answer.json()["published"], answer.text
    eventually(lambda: platform.http.get(f"/inventory/{slug}").status_code == 200, what=slug)
    return slug


def test_authors_texts_stay_texts(trap: Trap, film: str) -> None:
    for language in ("", "/es"):
        trap.page.goto(f"{language}/campaigns/{film}/")
        assert trap.page.locator("[data-tier]").count() > 90
        trap.look("film")

    assert trap.caught == []


def test_visitors_texts_stay_texts(trap: Trap, film: str) -> None:
    for batch in xss.batches(TRIED, len(xss.CART)):
        xss.carts(trap, film, batch)
    for batch in xss.batches(TRIED, len(xss.QUERY)):
        xss.addresses(trap, film, batch)

    assert trap.looked == 2 * len(TRIED) // len(xss.CART) + 2 * len(TRIED) // len(xss.QUERY)
    assert trap.caught == []


def test_supporters_names_stay_names(trap: Trap, film: str, platform: Platform) -> None:
    email = an_email("ada")
    platform.pledge(film, email=email, tier="t0")
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
