"""A morning passes: whoever runs the film has the ledger in a mail, once, and it adds up."""

import base64
import csv
import io
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deploy.chaos.content import ZONE
from tests.support.platform import Platform, a_slug, an_email, eventually

pytestmark = pytest.mark.stack


def sleep_until_seven(platform: Platform) -> None:
    """Move the platform's clock to the next seven in the morning of its zone."""
    now = platform.now().astimezone(ZONE)
    day = now.date() + timedelta(days=now.time() >= time(7))
    seven = datetime.combine(day, time(7), ZONE)
    seconds = int(seven.timestamp() - now.timestamp()) + 1
    platform.sandbox.post("/sandbox/clock", json={"advance": f"PT{seconds}S"}).raise_for_status()


def attached_rows(mail: dict[str, Any]) -> list[dict[str, str]]:
    """Return the rows of the mail's file."""
    (file,) = mail["attachments"]
    text = base64.b64decode(file["content"]).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_each_morning_brings_one_report_whose_sum_is_the_ledgers(platform: Platform) -> None:
    runner, noor, ines = an_email("runner"), an_email("noor"), an_email("ines")
    slug = platform.publish(a_slug("morning"), ends_in_days=5, goal="500", report_to=(runner,))
    platform.pledge(slug, email=noor)
    platform.pledge(slug, email=ines)
    gone = platform.token(platform.mail(ines, "Pledge confirmed | "))
    platform.http.post("/pledge/cancel", json={"token": gone}).raise_for_status()
    eventually(lambda: platform.live(slug)["stats"]["pledgedAmount"] == 5_000, what="withdrawn")

    sleep_until_seven(platform)
    mail = platform.mail(runner, "Daily report | ")
    platform.pledge(slug, email=an_email("ada"))
    sleep_until_seven(platform)
    newest, oldest = eventually(
        lambda: len(mails := platform.mails(runner, "Daily report | ")) == 2 and mails,
        what="the second morning's report",
    )

    rows = attached_rows(mail)
    assert sum(Decimal(row["campaign_subtotal"]) for row in rows) == 50
    assert [row["status"] for row in rows] == ["created", "created", "cancelled"]
    assert {row["email"] for row in rows} == {noor, ines}
    assert "$50.00" in mail["text"]
    assert oldest == mail
    pledged = platform.live(slug)["stats"]["pledgedAmount"]
    assert sum(Decimal(row["campaign_subtotal"]) for row in attached_rows(newest)) * 100 == pledged
