"""A database of notify's own, and somebody who plays Resend."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from contracts.campaign import CampaignDefinition
from services.chassis.storage.database import Connection, Pool, open_pool, transaction
from services.chassis.storage.migrations import migrate
from services.notify.app import SERVICE
from services.notify.queries import definitions
from services.notify.resend_gateway import ResendGateway
from services.notify.schedules.send_mails import Sender
from services.notify.steps.pacing import Pace
from tests.notify.recorder import Recorder
from tests.notify.samples import CAMPAIGN, LETTERS
from tests.support.stack import Database, Servers


@pytest.fixture
def anyio_backend() -> str:
    """Run on the loop the services run on."""
    return "asyncio"


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    """A database with notify's tables alone: it needs nobody else's."""
    fresh = servers.empty_database()
    await migrate(
        fresh.owner_url,
        schema="notify",
        folder=SERVICE.migrations,
        service_url=fresh.url("notify"),
    )
    yield fresh
    servers.drop(fresh)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The service's own pool, under its own role, with one campaign known."""
    opened = await open_pool(database.url("notify"), schema="notify")
    async with transaction(opened) as conn:
        await definitions.save_campaign(conn, a_definition())
    yield opened
    await opened.close()


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """A connection that may do what the service's role may not."""
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute("SET search_path = notify")
    yield connection
    await connection.close()


@pytest.fixture
async def resend_stub() -> AsyncIterator[Recorder]:
    """Somebody who answers as told and remembers what was asked."""
    recorder = Recorder()
    await recorder.start()
    yield recorder
    await recorder.stop()


def a_definition(version: int = 1, title: str = CAMPAIGN.title) -> CampaignDefinition:
    """Return the sample campaign as site publishes it."""
    return CampaignDefinition(
        slug=CAMPAIGN.slug,
        version=version,
        title=title,
        starts_at=CAMPAIGN.deadline_at,
        deadline_at=CAMPAIGN.deadline_at,
        timezone=CAMPAIGN.timezone,
        goal_cents=CAMPAIGN.goal_cents,
        instagram_url=CAMPAIGN.instagram_url,
    )


@pytest.fixture
async def gateway(resend_stub: Recorder) -> AsyncIterator[ResendGateway]:
    opened = ResendGateway(api_key="re_test", api_base=resend_stub.url)
    yield opened
    await opened.close()


@pytest.fixture
def sender(pool: Pool, gateway: ResendGateway) -> Sender:
    return Sender(pool, gateway=gateway, letters=LETTERS, pace=Pace(0))
