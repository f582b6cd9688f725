"""An operator at night: finds a parked event, corrects it, and what waited behind it goes on."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import asyncpg
import pytest
from nats.aio.client import Client
from playwright.sync_api import Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_dashboard import invited
from tests.support.platform import Platform, RunningStack, eventually
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """Two films of their own."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def aside(work: Coroutine[Any, Any, Any]) -> Any:
    """Do something async beside Playwright's own loop."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join(30)
    return found[0]


def a_start(slug: str, stack: Stack) -> tuple[str, bytes]:
    """Let site forget that it heard of a film's start; return the event's id and all of it."""
    query = "SELECT event_id, payload FROM settlement.outbox WHERE subject = $1"
    subject = f"settlement.went_live.{slug}"
    found = eventually(lambda: aside(rows(stack, query, subject)), what="a start")[0]
    heard = "DELETE FROM site.inbox WHERE event_id = $1 RETURNING event_id"
    eventually(lambda: aside(rows(stack, heard, found["event_id"])), what="site to hear of it")
    return found["event_id"], found["payload"]


async def say(nats_url: str, slug: str, version: int, payload: bytes) -> None:
    """Put it on the bus, whatever it is, without an id: the bus knows the true one's."""
    client = Client()
    await client.connect(nats_url)
    headers = {
        "Pool-Aggregate": f"journey:{slug}",
        "Pool-Aggregate-Version": str(version),
    }
    subject = f"settlement.went_live.{slug}"
    await client.jetstream().publish(subject, payload, headers=headers)
    await client.close()


async def rows(stack: Stack, query: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(stack.owner_url)
    found: list[Any] = await connection.fetch(query, *arguments)
    await connection.close()
    return found


def parked(stack: Stack, slug: str, count: int = 1) -> str:
    """Wait until so many events about a film are parked at site; return the first's number."""
    query = """
    SELECT parked_id
    FROM site.parked_events
    WHERE aggregate_id = $1
    ORDER BY parked_id
    OFFSET $2
    """

    def found() -> Any:
        return aside(rows(stack, query, f"journey:{slug}", count - 1))

    eventually(found, what="a parked event")
    return f"site-{aside(rows(stack, query, f'journey:{slug}', 0))[0]['parked_id']}"


def applied(stack: Stack, *event_ids: str) -> int:
    query = "SELECT event_id FROM site.inbox WHERE event_id = ANY($1)"
    return len(aside(rows(stack, query, list(event_ids))))


def test_a_parked_event_is_corrected_and_what_waits_behind_it_goes_on(
    platform: Platform, films: Films, stack: Stack, open_page: OpenPage, keep: Keep
) -> None:
    event_id, whole = a_start(films.salt, stack)
    aside(say(stack.nats_url, films.salt, 1, whole[:-1]))
    key = parked(stack, films.salt)
    aside(say(stack.nats_url, films.salt, 2, whole))
    parked(stack, films.salt, 2)
    page = open_page(360)
    page.goto(invited(platform))
    page.get_by_role("button", name="Sign in").click()

    page.goto("/admin/operations/")
    expect(page.get_by_role("region", name="Services").locator("tbody tr")).to_have_count(5)
    expect(page.get_by_text("Away", exact=True)).to_have_count(0)
    keep(page, "operations-parked")
    assert_accessible(page)
    page.get_by_role("link", name=key).click()
    expect(page.get_by_text("Waits for somebody")).to_be_visible()
    keep(page, "operations-event")
    assert_accessible(page)

    page.get_by_role("button", name="Try it again").first.click()
    expect(page.get_by_role("status")).to_contain_text("it failed again")
    page.get_by_label("The event, as it should be").fill('{"type": "settlement.went_live"}')
    page.get_by_role("button", name="Correct it and try it again").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("The event, as it should be")).to_have_value(
        '{"type": "settlement.went_live"}'
    )
    keep(page, "operations-event-refused")
    assert_accessible(page)
    assert applied(stack, event_id) == 0

    page.get_by_label("The event, as it should be").fill(json.dumps(json.loads(whole), indent=2))
    page.get_by_role("button", name="Correct it and try it again").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Applied, with what waited behind it.")
    expect(page.get_by_text("Corrected", exact=True)).to_be_visible()
    keep(page, "operations-event-done")
    assert_accessible(page)
    assert applied(stack, event_id) == 1
    still = "SELECT 1 FROM site.parked_events WHERE aggregate_id = $1 AND resolved_at IS NULL"
    assert aside(rows(stack, still, f"journey:{films.salt}")) == []
    page.goto("/admin/audit/?words=" + key)
    expect(page.get_by_text("Corrected a parked event")).to_have_count(2)


def test_an_event_is_given_up_and_every_screen_of_operations_is_looked_at(
    platform: Platform, films: Films, stack: Stack, open_page: OpenPage, keep: Keep
) -> None:
    aside(say(stack.nats_url, films.harbour, 1, b'{"type":"settlement.went_live"'))
    key = parked(stack, films.harbour)
    for width, prefix, scheme in ((360, "/es", "dark"), (1280, "", "light")):
        page = open_page(width)
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(prefix + invited(platform))
        page.locator("form button").last.click()
        for name, path in (
            ("operations", ""),
            ("parked", "parked/"),
            ("event", f"parked/{key}/"),
            ("mails", "mails/"),
            ("sums", "projections/"),
        ):
            page.goto(f"{prefix}/admin/operations/{path}")
            expect(page.locator(".side__tabs a[aria-current]")).to_have_count(1)
            keep(page, f"operations-{name}{prefix.replace('/', '-')}-{scheme}")
            assert_accessible(page)
    page.goto(f"/admin/operations/parked/{key}/")
    page.get_by_text("Never apply this event").click()
    page.get_by_label("Why").fill("it was cut by a test")
    keep(page, "operations-give-up")
    assert_accessible(page)
    page.get_by_role("button", name="Give this event up").click()
    expect(page.get_by_role("status")).to_contain_text("Given up.")
    page.goto("/admin/operations/projections/")
    # Other tests' films on this platform have the same title.
    page.get_by_role("button", name="Totals The Salt Line").first.click()
    expect(page.get_by_role("status")).to_contain_text("Counted anew")
