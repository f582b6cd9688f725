"""A mail server as the second transport: the same letters, and never twice where none may be."""

import asyncio
import email
from collections.abc import AsyncIterator
from email.header import decode_header, make_header
from email.message import Message

import msgspec
import pytest

from services.chassis.process.settings import SettingsError, load
from services.chassis.storage.database import Connection, Pool
from services.notify.domain.letters import Attachment
from services.notify.domain.mails import Accepted, Limited, Rejected, Undecided
from services.notify.schedules.send_mails import Sender
from services.notify.settings import MailServer as At
from services.notify.settings import Settings, server_at
from services.notify.smtp_gateway import (
    BUDGET_SECONDS,
    PATIENCE_SECONDS,
    SmtpGateway,
    message_of,
)
from services.notify.steps.pacing import Pace
from tests.notify.audience import announce, crowd, send_nothing_else, statuses
from tests.notify.samples import LETTERS, a_letter
from tests.notify.telling import mails, make_due, pledge


class MailServer:
    """Plays a mail server: takes what it is sent, or answers as told."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.recipients: list[str] = []
        self.refuses_recipients = 0
        self.hangs_up = False
        self.pause_seconds = 0.0
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            await asyncio.sleep(self.pause_seconds)
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            word = line[:4].upper()
            if word == "RCPT" and self.refuses_recipients:
                await say(f"{self.refuses_recipients} no")
            elif word == "DATA":
                await say("354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                self.taken.append(email.message_from_bytes(raw.removesuffix(b".\r\n")))
                if self.hangs_up:
                    break
                await say("250 taken")
            else:
                await say("250 fine")
        writer.close()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def smtp(mail_server: MailServer) -> SmtpGateway:
    return SmtpGateway(At(scheme="smtp", host="127.0.0.1", port=mail_server.port))


async def test_a_letter_arrives_with_both_parts_and_its_headers(
    smtp: SmtpGateway, mail_server: MailServer
) -> None:
    letter = a_letter("announcement", "es")

    outcome = await smtp.send(letter, idempotency_key="mail-1")

    (message,) = mail_server.taken
    assert outcome == Accepted(resend_id="<mail-1.0@pool.example>", code="250")
    assert message["Message-ID"] == "<mail-1.0@pool.example>"
    # As it is: what is encoded or folded is no address to a mail client.
    assert message["List-Unsubscribe"] == letter.headers["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    plain = message.get_payload(0)
    assert isinstance(plain, Message)
    assert "Gestionar mi aporte" in bytes(plain.get_payload(decode=True)).decode()


@pytest.mark.parametrize(("code", "outcome"), [(550, Rejected), (451, Limited)])
async def test_what_the_server_refuses_was_not_taken(
    smtp: SmtpGateway, mail_server: MailServer, code: int, outcome: type
) -> None:
    mail_server.refuses_recipients = code

    assert isinstance(await smtp.send(a_letter("sign_in", "en"), idempotency_key="m"), outcome)


async def test_a_server_that_is_away_was_offered_nothing() -> None:
    gateway = SmtpGateway(At(scheme="smtp", host="127.0.0.1", port=1))

    outcome = await gateway.send(a_letter("sign_in", "en"), idempotency_key="m")

    assert isinstance(outcome, Limited)
    assert gateway.is_away


async def test_a_server_that_hangs_up_after_the_message_may_have_it(
    smtp: SmtpGateway, mail_server: MailServer
) -> None:
    mail_server.hangs_up = True

    assert isinstance(await smtp.send(a_letter("sign_in", "en"), idempotency_key="m"), Undecided)


async def test_without_keys_a_receipt_rather_comes_twice(
    pool: Pool, owner: Connection, smtp: SmtpGateway, mail_server: MailServer
) -> None:
    sender = Sender(pool, gateway=smtp, letters=LETTERS, pace=Pace(0))
    await pledge(pool, "p1")
    mail_server.hangs_up = True

    await sender.work.finish()
    await make_due(owner)
    mail_server.hangs_up = False
    await sender.work.finish()

    first, second = mail_server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert [row["status"] for row in await mails(pool)] == ["sent"]


async def test_without_keys_news_rather_never_comes(
    pool: Pool, owner: Connection, smtp: SmtpGateway, mail_server: MailServer
) -> None:
    sender = Sender(pool, gateway=smtp, letters=LETTERS, pace=Pace(0))
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    mail_server.hangs_up = True

    for _ in range(2):
        await sender.work.finish()
        await owner.execute("UPDATE batches SET next_attempt_at = clock_timestamp() WHERE is_open")

    assert await statuses(pool) == {"unknown": 2}
    assert len(mail_server.taken) == 1


async def test_a_sender_that_died_with_a_batch_leaves_it_unknown(
    pool: Pool, owner: Connection, smtp: SmtpGateway, mail_server: MailServer
) -> None:
    await crowd(pool, 2)
    await send_nothing_else(owner)
    await announce(pool)
    sender = Sender(pool, gateway=smtp, letters=LETTERS, pace=Pace(0))
    await sender._batches.take()
    await owner.execute("UPDATE batches SET next_attempt_at = clock_timestamp()")

    await sender.work.finish()

    assert mail_server.taken == []
    assert await statuses(pool) == {"unknown": 2}


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("🎬 “Nine” 'Bridges' \"North\" 🇪🇸 & <co> " * 4, id="emoji and quotes"),
        pytest.param("=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=", id="a hidden header"),
        pytest.param("Day =?utf-8?q?x=0D=0ABcc=3A_evil=40evil=2Eexample?= nine", id="in a word"),
        pytest.param("=?utf-8?q?=00?= | 100 %", id="a hidden sign"),
        pytest.param("x" * 199, id="long"),
    ],
)
async def test_any_subject_arrives_as_it_is_and_is_no_other_header(
    smtp: SmtpGateway, mail_server: MailServer, subject: str
) -> None:
    letter = msgspec.structs.replace(a_letter("announcement", "es"), subject=subject.strip())

    await smtp.send(letter, idempotency_key="mail-1")

    (message,) = mail_server.taken
    assert str(make_header(decode_header(message["Subject"]))) == letter.subject
    usual = {"From", "To", "Subject", "Reply-To", "Message-ID", "MIME-Version", "Content-Type"}
    assert sorted(message.keys()) == sorted(usual | set(letter.headers))
    lines = message.as_bytes().splitlines()
    assert max(map(len, lines)) < 998
    assert all(line.isascii() for line in lines)


def test_an_address_is_no_other_header_either() -> None:
    hidden = "a@=?utf-8?q?=0D=0ABcc=3Ae?=.example"
    letter = msgspec.structs.replace(a_letter("announcement", "es"), to=hidden, reply_to=hidden)

    message = email.message_from_bytes(message_of(letter, "m").as_bytes())

    assert (message["To"], message["Reply-To"], message["Bcc"]) == (hidden, hidden, None)


async def test_a_mail_is_not_begun_so_late_that_its_lease_could_end_meanwhile(
    mail_server: MailServer,
) -> None:
    """A server may take its time for every line: then the same mail was offered by two."""
    slow = SmtpGateway(
        At(scheme="smtp", host="127.0.0.1", port=mail_server.port), patience_seconds=0.1
    )
    mail_server.pause_seconds = 0.2

    outcome = await slow.send(a_letter("sign_in", "en"), idempotency_key="m")

    assert outcome == Limited(code="too_slow", retry_after_seconds=60.0)
    assert mail_server.taken == []


async def test_a_mail_stays_one_senders_for_as_long_as_a_talk_may_take(
    pool: Pool, owner: Connection, smtp: SmtpGateway
) -> None:
    sender = Sender(pool, gateway=smtp, letters=LETTERS, pace=Pace(0))
    await pledge(pool, "p1")

    await sender._mails.take(1)

    seconds = await owner.fetchval(
        "SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 FROM mails"
    )
    one_message = 4 * BUDGET_SECONDS
    assert seconds > PATIENCE_SECONDS + one_message


def test_a_report_goes_with_its_file() -> None:
    file = Attachment(name="pledges.csv", content=b"email\r\na@b.example\r\n")
    letter = msgspec.structs.replace(a_letter("campaign_report", "en"), attachments=(file,))

    message = message_of(letter, "m")

    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("pledges.csv", "text/csv")


def test_a_header_of_two_lines_is_no_header() -> None:
    letter = msgspec.structs.replace(a_letter("sign_in", "en"), subject="One\r\nBcc: a@b.example")

    with pytest.raises(ValueError, match=r"newline|linefeed"):
        message_of(letter, "m")


def test_the_address_of_a_server_says_how_to_talk_to_it() -> None:
    found = server_at("smtp+starttls://pool%40film:s%3Acret@mail.example")

    assert (found.host, found.port, found.user) == ("mail.example", 587, "pool@film")
    assert found.password == "s:cret"
    for wrong in ("", "http://mail.example", "smtps://", "mail.example"):
        with pytest.raises(ValueError, match="not the address"):
            server_at(wrong)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "RESEND_API_KEY is missing"),
        ({"SMTP_URL": "mail.example"}, "SMTP_URL is not the address of a mail server"),
        ({"SMTP_URL": "smtps://u:p@mail.example"}, None),
        ({"RESEND_API_KEY": "re_1"}, None),
    ],
)
def test_somebody_has_to_send(given: dict[str, str], fault: str | None) -> None:
    environ = {
        "DATABASE_URL": "postgresql://x",
        "NATS_URL": "nats://x",
        "REDIS_URL": "redis://x",
        "GATEWAY_SECRET": "x" * 32,
        "ADMIN_SECRET": "x" * 32,
        "PLEDGES_URL": "http://x",
        "MAGIC_LINK_SECRET": "x" * 32,
        "SITE_BASE": "https://pool.example",
        "EMAIL_FROM": "The Pool <pledges@pool.example>",
        **given,
    }
    if fault is None:
        assert load(Settings, environ)
        return
    with pytest.raises(SettingsError, match=fault):
        load(Settings, environ)
