"""Ending a live campaign: once, with its event, for operators only; the page says so at once."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from services.chassis.storage.database import Connection
from tests.site.running import RunningSite
from tests.site.samples import campaign

CANCEL = "/admin/campaigns/long-take/cancel"


def write(content: Path, text: str) -> None:
    (content / "long-take.md").write_text(text, encoding="utf-8")


async def cancelled(owner: Connection) -> list[str]:
    rows = await owner.fetch(
        "SELECT payload FROM site.outbox WHERE event_type = 'campaigns.cancelled'"
    )
    return [msgspec.json.decode(row["payload"])["campaign"] for row in rows]


async def test_a_live_campaign_is_ended_once_and_its_page_says_so(
    site: RunningSite, owner: Connection
) -> None:
    write(site.content, campaign())
    await site.publish()

    first = await site.http.post(CANCEL, json={}, headers=site.admin)
    again = await site.http.post(CANCEL, json={}, headers=site.admin)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert datetime.fromisoformat(first.json()["cancelledAt"]).tzinfo is not None
    page = await site.http.get("/campaigns/long-take/")
    assert "ended early" in page.text
    live = (await site.http.get("/live/long-take")).json()["campaign"]
    assert (live["effectiveState"], live["funded"], live["cancelled"]) == ("post", False, True)
    assert await cancelled(owner) == ["long-take"]


@pytest.mark.parametrize(("starts", "ends"), [(2, 9), (-9, -2)])
async def test_what_is_not_live_cannot_be_ended(
    site: RunningSite, owner: Connection, starts: int, ends: int
) -> None:
    write(site.content, campaign(starts=starts, ends=ends))
    await site.publish()

    answer = await site.http.post(CANCEL, json={}, headers=site.admin)

    assert (answer.status_code, answer.json()["error"]) == (409, "not_live")
    assert await cancelled(owner) == []


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_else_ends_anything(site: RunningSite, given: dict[str, str]) -> None:
    write(site.content, campaign())
    await site.publish()

    answer = await site.http.post(CANCEL, json={}, headers=given)

    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
