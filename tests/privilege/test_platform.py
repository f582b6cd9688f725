"""The whole platform does its work, and asks for nothing that it may not have."""

from pathlib import Path

import asyncpg
import pytest
import redis

from deploy.local.layout import SERVICES
from tests.support.platform import Platform, a_slug, an_email, eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

SERVERS = ("nats", "postgres")


class Log:
    """What a server writes from now on. Others were turned away before, on purpose."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begins_at = path.stat().st_size

    def lines_with(self, *words: str) -> list[str]:
        """Return the lines in which one of the words stands."""
        with self._path.open(encoding="utf-8") as stream:
            stream.seek(self._begins_at)
            return [line for line in stream if any(word in line for word in words)]


def test_a_campaign_from_its_start_to_its_charges_meets_no_closed_door(stack: Stack) -> None:
    visitor = Platform(stack)
    cache = redis.Redis.from_url(stack.redis_url)
    cache.acl_log_reset()
    bus_log, database_log = (Log(stack.data / "log" / f"{name}.log") for name in SERVERS)
    slug = visitor.publish(a_slug("doors"))
    kept, given_back = an_email("kept"), an_email("given-back")
    visitor.pledge(slug, email=kept)
    visitor.pledge(slug, email=given_back)
    token = visitor.token(visitor.mail(given_back, "Pledge confirmed"))
    cancelled = visitor.http.post("/pledge/cancel", json={"token": token})
    assert cancelled.status_code == 200, cancelled.text
    visitor.close_campaign(slug)
    visitor.wait_settled(slug)
    # The newest numbers are mirrored, so site was let in.
    eventually(lambda: cache.get(f"site:live:{slug}"), what="snapshot in Redis")

    assert bus_log.lines_with("Violation", "authentication") == []
    assert cache.acl_log() == []
    assert database_log.lines_with("permission denied", "must be owner") == []
    cache.close()
    visitor.close()


async def test_every_process_is_logged_in_as_itself(stack: Stack) -> None:
    owner = await asyncpg.connect(stack.owner_url)
    rows = await owner.fetch(
        "SELECT DISTINCT usename, application_name FROM pg_stat_activity WHERE usename LIKE 'pool%'"
    )
    await owner.close()

    accounts = {row["usename"]: row["application_name"] for row in rows}
    assert {accounts[f"pool_{name}"] for name in SERVICES} == {f"pool-{name}" for name in SERVICES}
