"""Site on real servers, as a process of its own."""

import functools
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.chassis.events.bus import Bus
from services.chassis.storage.database import Connection, Pool, open_pool
from services.site.live.announcing import Announcer
from services.site.publisher import Publisher
from tests.site.hearing import Run
from tests.site.running import Behind, RunningSite, behind, forget_streams, migrated, running_site
from tests.site.samples import PICTURE, campaign
from tests.support.stack import Database, Servers


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on the loop the services run on."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[RunningSite, Behind]]:
    """One site for all tests of a file that leave it as it was, with limits out of the way."""
    folder = tmp_path_factory.mktemp("content")
    (folder / "media").mkdir()
    fresh = await migrated(servers)
    async with (
        behind() as fake,
        running_site(servers, fresh, folder, fake, rate_limit_scale="10000") as running,
    ):
        yield running, fake
    servers.drop(fresh)


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    """A database with site's tables alone."""
    fresh = await migrated(servers)
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The service's own pool, under its own role."""
    opened = await open_pool(database.url("site"), schema="site")
    yield opened
    await opened.close()


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """A connection that may do what the service's role may not."""
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute("SET search_path = site")
    yield connection
    await connection.close()


@pytest.fixture
async def nats_url(servers: Servers) -> AsyncIterator[str]:
    """A NATS account for one test, given back empty."""
    url = servers.fresh_bus()
    yield url
    await forget_streams(url)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """An empty content folder."""
    folder = tmp_path / "content"
    (folder / "media").mkdir(parents=True)
    return folder


@pytest.fixture
async def services() -> AsyncIterator[Behind]:
    """Somebody behind the gateway."""
    async with behind() as fake:
        yield fake


@pytest.fixture
async def site(
    servers: Servers, database: Database, content: Path, services: Behind
) -> AsyncIterator[RunningSite]:
    """Site, running, with the content folder as it is at that moment."""
    async with running_site(servers, database, content, services) as running:
        yield running


@pytest.fixture
async def one_film(shared: tuple[RunningSite, Behind]) -> RunningSite:
    """The shared site with one campaign and its poster."""
    running, services = shared
    services.forget()
    if not (running.content / "long-take.md").exists():
        (running.content / "media" / "long-take.webp").write_bytes(PICTURE.read_bytes())
        text = campaign(more="hero_image: media/long-take.webp")
        (running.content / "long-take.md").write_text(text)
        await running.publish()
    return running


@pytest.fixture
def publisher(pool: Pool, content: Path) -> Publisher:
    bus = Bus("nats://127.0.0.1:1", name="site", streams=(), consumers=())
    return Publisher(pool, Announcer(pool, bus), folder=content, timezone="America/Denver")


@pytest.fixture
def with_campaign(content: Path) -> Path:
    (content / "long-take.md").write_text(campaign())
    return content


@pytest.fixture
def run(servers: Servers, database: Database, with_campaign: Path, services: Behind) -> Run:
    """Start another process of the same site."""
    return functools.partial(running_site, servers, database, with_campaign, services)


@pytest.fixture
async def live_site(run: Run, nats_url: str, redis_url: str) -> AsyncIterator[RunningSite]:
    async with run(nats_url=nats_url, redis_url=redis_url) as running:
        yield running
