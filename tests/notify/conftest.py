"""A database of notify's own, and somebody who plays Resend."""

import base64
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from contracts.campaign import CampaignDefinition, StretchGoal
from contracts.events.campaigns import CampaignPublished
from contracts.money import Cents
from contracts.streams import CONSUMERS, STREAMS
from services.chassis.events.bus import Bus
from services.chassis.process.service import Running
from services.chassis.process.settings import Secret
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Connection, Pool, open_pool, transaction
from services.chassis.storage.migrations import migrate
from services.notify.app import SERVICE, compose
from services.notify.queries import definitions
from services.notify.resend_gateway import ResendGateway
from services.notify.schedules.send_mails import Sender
from services.notify.settings import Settings
from services.notify.steps.pacing import Pace
from tests.notify.recorder import Recorder
from tests.notify.samples import CAMPAIGN, LETTERS, SECRET
from tests.notify.telling import told
from tests.support.stack import Database, Servers

GATEWAY = "a gateway secret of at least thirty-two characters"
OLD_KEY = b"the key before it, of at least 32 bytes.."
ADMIN_SECRET = "an admin secret of at least thirty-two characters"
OPERATOR = {"Authorization": f"Bearer {ADMIN_SECRET}"}
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"resend signs with this in tests").decode()


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
        await definitions.save_campaign(conn, told(CampaignPublished, definition=a_definition()))
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
        stretch_goals=(StretchGoal(threshold_cents=Cents(2_400_000), title="A seventh bridge"),),
    )


@pytest.fixture
async def gateway(resend_stub: Recorder) -> AsyncIterator[ResendGateway]:
    opened = ResendGateway(api_key="re_test", api_base=resend_stub.url)
    yield opened
    await opened.close()


@pytest.fixture
def sender(pool: Pool, gateway: ResendGateway) -> Sender:
    return Sender(pool, gateway=gateway, letters=LETTERS, pace=Pace(0))


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway's view of the service."""
    settings = Settings(
        database_url=Secret(""),
        nats_url=Secret("nats://127.0.0.1:1"),
        redis_url=Secret(""),
        gateway_secret=Secret(GATEWAY),
        site_base="http://127.0.0.1:8000",
        magic_link_secret=Secret(SECRET.decode()),
        magic_link_secret_previous=Secret(OLD_KEY.decode()),
        resend_webhook_secret=Secret(WEBHOOK_SECRET),
        admin_secret=Secret(ADMIN_SECRET),
        pledges_url="http://127.0.0.1:1",
        resend_api_key=Secret("re_test"),
        email_from="The Pool <pledges@pool.example>",
    )
    bus = Bus("nats://127.0.0.1:1", name="t", streams=STREAMS, consumers=CONSUMERS)
    running = Running(pool, bus, PlatformClock())
    parts = await compose(settings, running)
    app = SERVICE.app(parts, running, settings)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://notify",
        headers={"x-pool-gateway": GATEWAY},
    ) as http:
        yield http
    for close in parts.closers:
        await close()
