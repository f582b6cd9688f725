"""An operator at night: finds a parked event, corrects it, and what waited behind it goes on."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import asyncpg
import msgspec
import pytest
from nats.aio.client import Client
from playwright.sync_api import Page, expect

from contracts.events.settlement import CampaignWentLive
from contracts.ids import CampaignSlug
from services.chassis.events.outbox import new_event_id
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


def a_start(slug: str, platform: Platform, stack: Stack) -> tuple[str, bytes]:
    """Have settlement's outbox say that a film went live, as it did; return its id and all of it.

    It is marked as published: what of it arrives is up to the test.
    """
    event = CampaignWentLive(
        event_id=new_event_id(),
        occurred_at=platform.now(),
        campaign=CampaignSlug(slug),
        starts_at=platform.now(),
    )
    whole = msgspec.json.encode(event)
    aside(
        rows(
            stack,
            """
            INSERT INTO settlement.outbox (event_id, subject, event_type, aggregate_id,
                aggregate_version, payload, headers, published_at)
            VALUES ($1, $2, 'settlement.went_live', $3, 1, $4, '{}', clock_timestamp())
            """,
            event.event_id,
            f"settlement.went_live.{slug}",
            f"journey:{slug}",
            whole,
        )
    )
    return event.event_id, whole


async def say(nats_url: str, slug: str, event_id: str, version: int, payload: bytes) -> None:
    """Put it on the bus, whatever it is."""
    client = Client()
    await client.connect(nats_url)
    headers = {
        "Nats-Msg-Id": event_id,
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


def parked(stack: Stack, event_id: str) -> str:
    """Wait until an event is parked at site; return its number."""
    query = "SELECT parked_id FROM site.parked_events WHERE event_id = $1"
    found = eventually(lambda: aside(rows(stack, query, event_id)), what="a parked event")
    return f"site-{found[0]['parked_id']}"


def applied(stack: Stack, *event_ids: str) -> int:
    query = "SELECT event_id FROM site.inbox WHERE event_id = ANY($1)"
    return len(aside(rows(stack, query, list(event_ids))))


def test_a_parked_event_is_corrected_and_what_waits_behind_it_goes_on(
    platform: Platform, films: Films, stack: Stack, open_page: OpenPage, keep: Keep
) -> None:
    event_id, whole = a_start(films.salt, platform, stack)
    behind_id, behind = a_start(films.salt, platform, stack)
    aside(say(stack.nats_url, films.salt, event_id, 1, whole[:-1]))
    key = parked(stack, event_id)
    aside(say(stack.nats_url, films.salt, behind_id, 2, behind))
    parked(stack, behind_id)
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
    assert applied(stack, event_id, behind_id) == 0

    page.get_by_label("The event, as it should be").fill(json.dumps(json.loads(whole), indent=2))
    page.get_by_role("button", name="Correct it and try it again").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Applied, with what waited behind it.")
    expect(page.get_by_text("Corrected", exact=True)).to_be_visible()
    keep(page, "operations-event-done")
    assert_accessible(page)
    assert applied(stack, event_id, behind_id) == 2
    page.goto("/admin/audit/?words=" + key)
    expect(page.get_by_text("Corrected a parked event")).to_have_count(2)


def test_an_event_is_given_up_and_every_screen_of_operations_is_looked_at(
    platform: Platform, films: Films, stack: Stack, open_page: OpenPage, keep: Keep
) -> None:
    event_id, whole = a_start(films.harbour, platform, stack)
    aside(say(stack.nats_url, films.harbour, event_id, 1, whole[:-2]))
    key = parked(stack, event_id)
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
    page.get_by_role("button", name="Totals The Salt Line").click()
    expect(page.get_by_role("status")).to_contain_text("Counted anew")
