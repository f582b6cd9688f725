"""Reports: decided once a morning, made between two transactions, sent once to each recipient."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web

from contracts.campaign import PlatformDefinition, ReportRules
from contracts.events.admin import RunnerChanged
from contracts.events.campaigns import CampaignCancelled, CampaignPublished, PlatformPublished
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.domain.reporting import ATTACHED_BYTES_MAX, DAY, hour_of
from services.notify.ledger_gateway import PATH, LedgerGateway
from services.notify.queries import reports
from services.notify.schedules.report import Reporter
from services.notify.schedules.send_mails import Sender
from services.notify.steps.make_report import LEASE_SECONDS, MakeReport
from tests.notify.conftest import ADMIN_SECRET, GATEWAY, a_definition
from tests.notify.recorder import Recorder
from tests.notify.samples import SLUG
from tests.notify.telling import mails, make_due, tell, told

# Whose clock nobody turns: these days have 24 hours. The others are in test_reporting_rules.py.
ZONE = "Asia/Kathmandu"
RUNNERS = ("runner@film.example", "second@film.example")
LEDGER = (
    "email,campaign_subtotal,status,created_at,order_id\r\n"
    "noor@halfmoon.example,50.00,created,2020-01-01T00:00:00.000Z,o1\r\n"
    "'=ada@halfmoon.example,12.34,created,2020-01-01T00:00:00.000Z,o2\r\n"
)
PARCELS = (
    "email,campaign,items\r\n"
    f"noor@halfmoon.example,{SLUG},The survey map x2\r\n"
    'noor@halfmoon.example,,"A mug, blue"\r\n'
)


class PlayedLedger:
    """Answers as the ledger does, or as it is told to."""

    def __init__(self) -> None:
        self.files = {"pledge": LEDGER, "fulfillment": PARCELS}
        self.status = 200
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """Give a file."""
        assert request.query["campaignSlug"] == SLUG
        kind = request.query["reportType"]
        self.asked.append(kind)
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        return web.Response(status=self.status, text=self.files[kind])


class Desk:
    """One process that reports, and the calendar."""

    def __init__(self, pool: Pool, owner: Connection, gateway: LedgerGateway) -> None:
        self.pool, self.owner = pool, owner
        self.reporter = Reporter(pool, MakeReport(pool, gateway))

    async def set_clock(self, at: datetime) -> None:
        """Move the platform's time."""
        await self.owner.execute(
            "UPDATE platform.clock_offset SET offset_by = $1::timestamptz - clock_timestamp()", at
        )

    async def publish(
        self,
        *,
        starts_at: datetime,
        deadline_at: datetime,
        to: Any = RUNNERS,
        excluded: Any = (),
    ) -> None:
        """Let site tell of the campaign."""
        self.version = getattr(self, "version", 1) + 1
        definition = msgspec.structs.replace(
            a_definition(self.version), starts_at=starts_at, deadline_at=deadline_at
        )
        facts = {"report_emails": to, "report_excluded": excluded}
        await tell(self.pool, told(CampaignPublished, definition=definition, **facts))

    async def runs(self, user: str, version: int, *campaigns: str, language: str = "es") -> None:
        """Let site tell which campaigns somebody of the dashboard runs now."""
        email = f"{user}@film.example" if campaigns else ""
        facts = {"user_id": user, "version": version, "email": email, "language": language}
        await tell(self.pool, told(RunnerChanged, campaigns=campaigns, **facts))

    async def due_again(self) -> None:
        """Let the time pass that a report or a lease still has to wait."""
        await self.owner.execute("UPDATE reports SET next_attempt_at = clock_timestamp()")

    async def rows(self) -> list[tuple[str, str]]:
        """Return every report and how far it is, oldest first."""
        rows = await self.pool.fetch(
            "SELECT report_type, status FROM reports ORDER BY day, report_type"
        )
        return [(row["report_type"], row["status"]) for row in rows]


@pytest.fixture
def ledger() -> PlayedLedger:
    return PlayedLedger()


@pytest.fixture
async def desk(pool: Pool, owner: Connection, ledger: PlayedLedger) -> AsyncIterator[Desk]:
    app = web.Application()
    app.router.add_get(PATH, ledger.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    gateway = LedgerGateway(
        f"http://{host}:{port}", gateway_secret=GATEWAY, admin_secret=ADMIN_SECRET
    )
    definition = PlatformDefinition(version=1, timezone=ZONE)
    await tell(pool, told(PlatformPublished, definition=definition))
    yield Desk(pool, owner, gateway)
    await gateway.close()
    await runner.cleanup()


@pytest.fixture
async def morning(desk: Desk) -> datetime:
    """Ten days of a campaign around a morning, and the clock a minute before its seven."""
    at = hour_of((datetime.now(UTC) + 2 * DAY).date(), ZONE)
    await desk.publish(starts_at=at - 5 * DAY, deadline_at=at + 5 * DAY)
    await desk.set_clock(at - timedelta(minutes=1))
    return at


async def test_at_seven_each_recipient_is_sent_the_ledger_once(
    desk: Desk,
    morning: datetime,
    ledger: PlayedLedger,
    sender: Sender,
    resend_stub: Recorder,
) -> None:
    await desk.reporter.tick()
    assert await desk.rows() == []

    await desk.set_clock(morning)
    for _ in range(3):
        await desk.reporter.tick()
    for _ in range(3):
        await sender.work.finish()

    assert await desk.rows() == [("pledge", "made")]
    assert ledger.asked == ["pledge"]
    assert ledger.headers["x-pool-gateway"] == GATEWAY
    assert ledger.headers["authorization"] == f"Bearer {ADMIN_SECRET}"
    assert sorted(request.body["to"] for request in resend_stub.requests) == [
        [to] for to in RUNNERS
    ]
    for request in resend_stub.requests:
        (file,) = request.body["attachments"]
        assert base64.b64decode(file["content"]).decode() == LEDGER
        assert file["filename"] == f"{SLUG}-pledge-{morning.date()}.csv"
        assert request.body["subject"] == "Daily report | Nine Bridges North"
        assert "$62.34" in request.body["text"]
    assert {row["status"] for row in await mails(desk.pool)} == {"sent"}


async def test_who_runs_a_campaign_is_sent_its_report_unless_they_want_none(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder
) -> None:
    around = {"starts_at": morning - 5 * DAY, "deadline_at": morning + 5 * DAY}
    await desk.publish(**around, to=("ada@film.example",), excluded=("ben@film.example",))
    for user in ("ada", "ben", "cleo", "dora"):
        await desk.runs(user, 1, SLUG, "another-film")
    await desk.runs("cleo", 3)
    await desk.runs("cleo", 2, SLUG)
    await desk.runs("dora", 2, "another-film")
    await desk.set_clock(morning)

    await desk.reporter.tick()
    await sender.work.finish()

    assert [request.body["to"] for request in resend_stub.requests] == [["ada@film.example"]]
    assert resend_stub.requests[0].body["subject"].startswith("Informe diario | ")


async def test_a_campaign_that_names_nobody_reports_to_who_runs_it(
    desk: Desk, morning: datetime
) -> None:
    around = {"starts_at": morning - 5 * DAY, "deadline_at": morning + 5 * DAY}
    await desk.publish(**around, to=(), excluded=("ben@film.example",))
    await desk.runs("ben", 1, SLUG)
    await desk.set_clock(morning)
    await desk.reporter.tick()
    assert await desk.rows() == [("pledge", "empty")]

    await desk.runs("ada", 1, SLUG)
    await desk.set_clock(morning + DAY)
    await desk.reporter.tick()

    assert [row["address"] for row in await mails(desk.pool)] == ["ada@film.example"]


async def test_the_platform_says_when_and_what(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder
) -> None:
    rules = ReportRules(minute=9 * 60 + 30, subject_prefix="[The Pool]", has_file=False)
    definition = PlatformDefinition(version=2, timezone=ZONE, reports=rules)
    await tell(desk.pool, told(PlatformPublished, definition=definition))
    await desk.set_clock(morning + timedelta(hours=2.5) - timedelta(minutes=1))
    await desk.reporter.tick()
    assert await desk.rows() == []

    await desk.set_clock(morning + timedelta(hours=2.5))
    await desk.reporter.tick()
    await sender.work.finish()
    await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "made")]
    first, _ = resend_stub.requests
    assert "attachments" not in first.body
    assert first.body["subject"] == "[The Pool] Daily report | Nine Bridges North"
    assert "$62.34" in first.body["text"]
    assert "file" not in first.body["text"]


async def test_a_report_without_figures_has_the_file_alone(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder
) -> None:
    definition = PlatformDefinition(
        version=2, timezone=ZONE, reports=ReportRules(has_summary=False)
    )
    await tell(desk.pool, told(PlatformPublished, definition=definition))
    await desk.set_clock(morning)
    await desk.reporter.tick()
    await sender.work.finish()

    first, _ = resend_stub.requests
    assert len(first.body["attachments"]) == 1
    assert "$62.34" not in first.body["text"]
    assert "%" not in first.body["text"]


async def test_reports_that_are_off_are_not_made(desk: Desk, morning: datetime) -> None:
    definition = PlatformDefinition(version=2, timezone=ZONE, reports=ReportRules(is_enabled=False))
    await tell(desk.pool, told(PlatformPublished, definition=definition))
    await desk.set_clock(morning)

    await desk.reporter.tick()

    assert await desk.rows() == []


async def test_the_file_is_kept_until_its_mails_are_done_and_no_longer(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder, owner: Connection
) -> None:
    await desk.set_clock(morning)
    await desk.reporter.tick()
    resend_stub.refuse(500, "application_error")
    await sender.work.finish()
    await desk.reporter.tick()
    kept = "SELECT count(file) FROM reports"
    assert await desk.pool.fetchval(kept) == 1

    await make_due(owner)
    await sender.work.finish()
    await desk.reporter.tick()

    assert await desk.pool.fetchval(kept) == 0
    again, *_ = [each for each in resend_stub.requests if resend_stub.keys.count(each.key) == 2]
    first, second = [each.body for each in resend_stub.requests if each.key == again.key]
    assert first == second


async def test_after_a_day_away_there_is_one_report_and_not_two(
    desk: Desk, morning: datetime, ledger: PlayedLedger
) -> None:
    await desk.set_clock(morning + timedelta(hours=16))
    await desk.reporter.tick()
    await desk.set_clock(morning + 3 * DAY - timedelta(minutes=1))
    await desk.reporter.tick()
    assert await desk.rows() == [("pledge", "made")]

    await desk.set_clock(morning + 3 * DAY)
    await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "made")] * 2


async def test_a_ledger_that_is_away_is_asked_again_and_a_day_later_no_more(
    desk: Desk, morning: datetime, ledger: PlayedLedger, owner: Connection
) -> None:
    await desk.set_clock(morning)
    ledger.status = 503
    await desk.reporter.tick()
    await desk.reporter.tick()
    assert (await desk.rows(), ledger.asked) == ([("pledge", "due")], ["pledge"])

    ledger.status = 200
    await desk.due_again()
    await desk.reporter.tick()
    assert await desk.rows() == [("pledge", "made")]

    await desk.set_clock(morning + DAY)
    ledger.status = 503
    await desk.reporter.tick()
    await owner.execute(
        "UPDATE reports SET decided_at = decided_at - interval '23 hours' WHERE status = 'due'"
    )
    await desk.due_again()
    await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "made"), ("pledge", "parked")]
    assert len(await mails(desk.pool)) == len(RUNNERS)


async def test_a_file_that_is_none_harms_no_other_and_is_parked_in_the_end(
    desk: Desk, morning: datetime, ledger: PlayedLedger, owner: Connection
) -> None:
    ledger.files["pledge"] = "no,report\r\n1,2\r\n"
    await desk.set_clock(morning)
    with pytest.raises(KeyError):
        await desk.reporter.tick()
    await desk.reporter.tick()
    assert await desk.rows() == [("pledge", "due")]

    await owner.execute("UPDATE reports SET decided_at = decided_at - interval '24 hours'")
    await desk.due_again()
    await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "parked")]


async def test_a_file_no_mail_takes_is_parked_at_once(
    desk: Desk, morning: datetime, ledger: PlayedLedger
) -> None:
    ledger.files["pledge"] = "x" * (ATTACHED_BYTES_MAX + 1)
    await desk.set_clock(morning)

    await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "parked")]
    assert await mails(desk.pool) == []


async def test_a_process_that_dies_after_the_question_leaves_a_lease_and_nothing_twice(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder
) -> None:
    await desk.set_clock(morning)
    async with transaction(desk.pool) as conn:
        await reports.insert_reports(conn, morning.date(), [(SLUG, "pledge")])
        assert await reports.claim_report(conn, lease_seconds=LEASE_SECONDS) is not None
    await desk.reporter.tick()
    assert (await desk.rows(), await mails(desk.pool)) == ([("pledge", "due")], [])

    await desk.due_again()
    # Two that both believe they lead.
    await asyncio.gather(desk.reporter.tick(), desk.reporter.tick())
    await sender.work.finish()

    assert await desk.rows() == [("pledge", "made")]
    assert len(resend_stub.requests) == len(RUNNERS)


async def test_after_the_end_the_last_day_is_told_then_the_parcels_once_then_nothing(
    desk: Desk, morning: datetime, ledger: PlayedLedger
) -> None:
    for day in range(3, 60):
        await desk.set_clock(morning + day * DAY + timedelta(hours=2))
        await desk.reporter.tick()

    # It ends on the third of these mornings, and a week later nobody can mend a card any more.
    assert await desk.rows() == [("pledge", "made")] * 3 + [("fulfillment", "made")]
    assert ledger.asked == ["pledge"] * 4 + ["fulfillment"]
    days = await desk.pool.fetch("SELECT day FROM reports ORDER BY day")
    assert days[-1]["day"] - days[0]["day"] == timedelta(days=10)


async def test_what_the_platform_sends_is_told_to_the_platform_and_to_nobody_else(
    desk: Desk, morning: datetime, sender: Sender, resend_stub: Recorder
) -> None:
    definition = PlatformDefinition(version=2, timezone=ZONE, support_email="hello@pool.example")
    await tell(desk.pool, told(PlatformPublished, definition=definition))
    for days in (15, 16, 17):
        await desk.set_clock(morning + days * DAY)
        await desk.reporter.tick()
    await sender.work.finish()
    await sender.work.finish()

    assert await desk.rows() == [("fulfillment", "made"), ("platform", "made")]
    files = {
        request.body["to"][0]: base64.b64decode(request.body["attachments"][0]["content"]).decode()
        for request in resend_stub.requests
    }
    head, campaigns, platforms = PARCELS.splitlines(keepends=True)
    assert files == {
        "hello@pool.example": head + platforms,
        **dict.fromkeys(RUNNERS, head + campaigns),
    }


async def test_a_campaign_without_readers_still_tells_the_platform(
    desk: Desk, morning: datetime, ledger: PlayedLedger
) -> None:
    definition = PlatformDefinition(version=2, timezone=ZONE, support_email="hello@pool.example")
    await tell(desk.pool, told(PlatformPublished, definition=definition))
    await desk.publish(starts_at=morning - 5 * DAY, deadline_at=morning + 5 * DAY, to=())
    for days in (0, 1, 15, 16):
        await desk.set_clock(morning + days * DAY)
        await desk.reporter.tick()

    assert await desk.rows() == [("platform", "made")]
    assert [row["address"] for row in await mails(desk.pool)] == ["hello@pool.example"]


async def test_without_parcels_or_recipients_nothing_is_sent(
    desk: Desk, morning: datetime, ledger: PlayedLedger
) -> None:
    await desk.publish(starts_at=morning - 5 * DAY, deadline_at=morning + 5 * DAY, to=())
    await desk.set_clock(morning)
    await desk.reporter.tick()
    assert (await desk.rows(), ledger.asked) == ([], [])

    await desk.publish(starts_at=morning - 5 * DAY, deadline_at=morning + 5 * DAY)
    ledger.files["fulfillment"] = "email,campaign,items\r\nnoor@halfmoon.example,,A mug\r\n"
    await desk.set_clock(morning + 15 * DAY)
    await desk.reporter.tick()

    assert await desk.rows() == [("fulfillment", "empty")]
    assert await mails(desk.pool) == []


async def test_a_campaign_that_was_ended_early_is_told_of_once_more(
    desk: Desk, morning: datetime
) -> None:
    ended = told(CampaignCancelled, campaign=SLUG, cancelled_at=morning - timedelta(minutes=1))
    await tell(desk.pool, ended)

    for day in range(4):
        await desk.set_clock(morning + day * DAY)
        await desk.reporter.tick()

    assert await desk.rows() == [("pledge", "made")]
    with pytest.raises(NotYet):
        await tell(desk.pool, msgspec.structs.replace(ended, campaign="somebody-elses"))
