"""Each part dies in turn: pages go on, and what cannot be done now is said, not guessed."""

import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.platform import Platform, RunningStack, a_slug, an_email, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

HTML = {"Accept": "text/html"}
READ_SECONDS_MAX = 2.0
KILLS_MAX = 5


@dataclass(frozen=True)
class Film:
    """A film with one pledge, and the link to it."""

    slug: str
    token: str
    order_id: str
    platform: Platform

    def page(self, path: str) -> httpx.Response:
        return self.platform.http.get(path, headers=HTML)

    def cart(self) -> httpx.Response:
        pairs = {f"item.{self.slug}__frame": "1", "step": "cart"}
        return self.platform.http.post("/cart/", data=pairs, headers=HTML)

    def pages_are_served(self) -> None:
        """What is for everybody comes quickly, whoever is away."""
        paths = ("/", "/es/", f"/campaigns/{self.slug}/", "/about/", f"/live/{self.slug}")
        for path in (*paths, "/cart/", "/manage/", "/sitemap.xml"):
            answer = self.page(path)
            assert answer.status_code == 200, path
            assert answer.elapsed.total_seconds() < READ_SECONDS_MAX, path


@pytest.fixture(scope="module")
def film(stack: RunningStack) -> Iterator[Film]:
    platform = Platform(stack)
    slug = platform.publish(a_slug("goes-on"), ends_in_days=20)
    email = an_email("ada")
    order_id = platform.pledge(slug, email=email)["orderId"]
    token = platform.token(platform.mail(email, "Pledge confirmed"))
    yield Film(slug, token, order_id, platform)
    platform.close()


@pytest.fixture
def kill(stack: Any) -> Iterator[Any]:
    """Kill a part; afterwards all of them are well again."""
    killed: list[str] = []

    def kill_one(name: str) -> None:
        killed.append(name)
        # While it is coming back it has no process, or one that has just ended.
        if pid := stack.pid(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    yield kill_one

    def is_well() -> bool:
        services = stack.status()["services"].values()
        return all(each["ready"] and not each["degraded"] for each in services)

    eventually(is_well, seconds=60, what=f"well again after {killed}")


def refused(kill: Any, name: str, ask: Callable[[], httpx.Response], words: str) -> httpx.Response:
    """Kill a part and ask at once; a part that was back already is killed again."""
    for _ in range(KILLS_MAX):
        kill(name)
        answer = ask()
        if answer.status_code == 503:
            assert words in answer.text
            return answer
    raise AssertionError(f"{name} was never away: {answer.status_code}")


def heading(page: httpx.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found
    return found[1]


def test_without_checkout_a_cart_is_kept_and_says_that_it_has_to_wait(
    film: Film, kill: Any
) -> None:
    def start() -> httpx.Response:
        return film.platform.start(film.slug, email=an_email("bo"))

    def receipt() -> httpx.Response:
        return film.page(f"/campaigns/{film.slug}/pledge-success/?order={film.order_id}")

    cart = refused(kill, "checkout", film.cart, "We are busy for a moment. Nothing was changed.")
    film.pages_are_served()
    started = refused(kill, "checkout", start, '"unavailable"')
    kill("checkout")
    shown = receipt()

    assert f'name="item.{film.slug}__frame" value="1"' in cart.text
    assert "Retry-After" in started.headers
    assert heading(shown) == "We can&#39;t look up your pledge right now."


def test_without_the_ledger_a_link_says_so_and_a_new_pledge_waits(film: Film, kill: Any) -> None:
    def manage() -> httpx.Response:
        return film.page(f"/manage/?t={film.token}")

    def gather() -> httpx.Response:
        return film.page(f"/community/{film.slug}/?t={film.token}")

    refused(kill, "pledges", manage, "show your pledge right now")
    film.pages_are_served()
    refused(kill, "pledges", gather, "look up your pledge at the moment.")
    kill("pledges")
    # Checkout needs no ledger to save a card; the pledge follows when it is back.
    film.platform.pledge(film.slug, email=an_email("cy"))


def test_without_settlement_only_paying_has_to_wait(film: Film, kill: Any) -> None:
    def pay() -> httpx.Response:
        return film.platform.http.get(f"/pay/{film.token}", headers={"Accept": "application/json"})

    refused(kill, "settlement", pay, '"unavailable"')
    film.pages_are_served()
    assert film.page(f"/manage/?t={film.token}").status_code == 200


def test_without_notify_people_pledge_and_are_written_to_later(film: Film, kill: Any) -> None:
    email = an_email("di")

    def mails() -> httpx.Response:
        return film.platform.http.get("/pledge/mails", params={"token": film.token})

    refused(kill, "notify", mails, '"unavailable"')
    film.pages_are_served()
    kill("notify")
    film.platform.pledge(film.slug, email=email)

    assert film.platform.mail(email, "Pledge confirmed")


@pytest.mark.parametrize("part", ["redis", "nats"])
def test_without_what_only_carries_word_people_pledge(film: Film, kill: Any, part: str) -> None:
    kill(part)

    film.pages_are_served()
    assert film.cart().status_code == 200
    film.platform.pledge(film.slug, email=an_email("fay"))
    film.pages_are_served()
