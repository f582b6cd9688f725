"""Of two processes one sends: the other says nothing of what waits."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool
from services.chassis.storage.leader import leading
from services.notify.ledger_gateway import LedgerGateway
from services.notify.schedules import report, send_mails
from services.notify.schedules.report import Reporter
from services.notify.schedules.send_mails import Sender
from services.notify.steps.make_report import MakeReport

SAID = {
    "notify_oldest_waiting_seconds": {},
    "notify_mails_stuck": {"kind": "refunded", "status": "parked"},
    "notify_mails_waiting": {"kind": "refunded"},
    "notify_reports_stuck": {},
}


def said() -> dict[str, float]:
    """What this process says that is more than nothing."""
    found = {name: telemetry.REGISTRY.get_sample_value(name, of) for name, of in SAID.items()}
    return {name: value for name, value in found.items() if value}


@pytest.fixture
def reporter(pool: Pool) -> Reporter:
    gateway = LedgerGateway("http://127.0.0.1:1", gateway_secret="", admin_secret="")
    return Reporter(pool, MakeReport(pool, gateway))


async def test_who_leads_no_more_takes_back_what_it_said(
    pool: Pool, sender: Sender, reporter: Reporter
) -> None:
    send_mails.OLDEST.set(901)
    send_mails.STUCK.labels("refunded", "parked").set(1)
    send_mails.WAITING.labels("refunded").set(1)
    report.STUCK.set(1)
    assert set(said()) == set(SAID)

    loops: list[Callable[[], Awaitable[None]]] = [sender.run, reporter.run]
    async with leading(pool, send_mails.JOB), leading(pool, report.JOB):
        tasks = [asyncio.ensure_future(run()) for run in loops]
        async with asyncio.timeout(20):
            while said():  # noqa: ASYNC110 (a gauge wakes nobody)
                await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
