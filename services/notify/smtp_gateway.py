"""SMTP, through the standard library: the second mail service behind the same seam.

A server remembers no keys: what got no plain answer may have arrived. One thing is certain
all the same: before the message itself was offered nothing was taken.
"""

import asyncio
import smtplib
import ssl
import time
from collections.abc import Sequence
from email import policy
from email.header import Header
from email.headerregistry import HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import make_msgid, parseaddr
from typing import Any

from services.chassis.process import telemetry
from services.notify.domain.letters import Letter
from services.notify.domain.mails import Accepted, Limited, Outcome, Rejected, Undecided
from services.notify.settings import MailServer

log = telemetry.logger(__name__)

BUDGET_SECONDS = 10.0
AT_ONCE_MAX = 4
AGAIN_SECONDS = 60.0
# After that no further message is begun: a slow server may take its time for each line of the
# talk, and a mail must not be somebody else's before it is offered.
PATIENCE_SECONDS = 120.0


class _Verbatim(UniqueUnstructuredHeader):
    """A header that says what it says.

    The standard library reads a value as if it had come by mail: `=?utf-8?b?…?=` becomes
    whatever somebody hid in it, line breaks and further headers included.
    """

    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = None
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        said = str(self)
        if not said.isascii() or "=?" in said:
            said = Header(said, "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {said}{policy.linesep}"


class _Address(_Verbatim):
    """A header that is one long address: folded or encoded it is none to a mail client."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", _Verbatim)  # type: ignore[arg-type]
for name in ("to", "reply-to", "list-unsubscribe"):
    _HEADERS.map_to_type(name, _Address)  # type: ignore[arg-type]
POLICY = policy.default.clone(header_factory=_HEADERS)
# Every server takes it, whatever lines and letters it is of.
ENCODING = "quoted-printable"


class SmtpGateway:
    """Offers letters to one server and says what became of each."""

    remembers_keys = False
    batch_max = 10
    # What was begun at the last moment still has four lines to say and to hear.
    lease_seconds = PATIENCE_SECONDS + 180.0

    def __init__(
        self,
        server: MailServer,
        *,
        budget_seconds: float = BUDGET_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._server = server
        self._budget_seconds = budget_seconds
        self._patience_seconds = patience_seconds
        self._slots = asyncio.Semaphore(AT_ONCE_MAX)
        self.is_away = False

    async def send(self, letter: Letter, *, idempotency_key: str) -> Outcome:
        """Offer one letter. The key is its Message-ID: a reader may know a copy by it."""
        (outcome,) = await self.send_many([letter], idempotency_key=idempotency_key)
        return outcome

    async def send_many(self, letters: Sequence[Letter], *, idempotency_key: str) -> list[Outcome]:
        """Offer letters one after the other over one connection."""
        messages = [
            (each, message_of(each, f"{idempotency_key}.{number}"))
            for number, each in enumerate(letters)
        ]
        until = time.monotonic() + self._patience_seconds
        async with self._slots:
            outcomes = await asyncio.to_thread(self._offer, messages, until)
        self.is_away = all(isinstance(each, Undecided | Limited) for each in outcomes)
        return outcomes

    async def close(self) -> None:
        """There is nothing to give back: no connection outlives its letters."""

    def _offer(
        self, messages: Sequence[tuple[Letter, EmailMessage]], until: float
    ) -> list[Outcome]:
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as exc:
            # Nothing was offered: whatever waits can wait a little longer.
            log.warning("mail_server_away", error=type(exc).__name__)
            limited = Limited(code=type(exc).__name__, retry_after_seconds=AGAIN_SECONDS)
            return [limited] * len(messages)
        outcomes: list[Outcome] = []
        try:
            for letter, message in messages:
                if time.monotonic() > until:
                    # Not begun, so surely not taken.
                    late = Limited(code="too_slow", retry_after_seconds=AGAIN_SECONDS)
                    outcomes.append(late)
                else:
                    outcomes.append(_offered(server, letter, message))
        finally:
            server.close()
        return outcomes

    def _connected(self) -> smtplib.SMTP:
        at, timeout = self._server, self._budget_seconds
        server: smtplib.SMTP
        if at.scheme == "smtps":
            context = ssl.create_default_context()
            server = smtplib.SMTP_SSL(at.host, at.port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(at.host, at.port, timeout=timeout)
        if at.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if at.user:
            server.login(at.user, at.password)
        return server


def message_of(letter: Letter, key: str) -> EmailMessage:
    """Return a letter as a message. Its headers are single lines, or this raises."""
    message = EmailMessage(POLICY)
    message["From"] = letter.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    domain = parseaddr(letter.sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{key}@{domain}>" if domain else make_msgid()
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.text, cte=ENCODING)
    message.add_alternative(letter.html, subtype="html", cte=ENCODING)
    for each in letter.attachments:
        kind, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    return message


def _offered(server: smtplib.SMTP, letter: Letter, message: EmailMessage) -> Outcome:
    try:
        server.send_message(message, parseaddr(letter.sender)[1], [letter.to])
    except smtplib.SMTPRecipientsRefused as exc:
        ((code, _),) = exc.recipients.values()
        return _refused(code)
    except smtplib.SMTPResponseException as exc:
        return _refused(exc.smtp_code)
    except (OSError, smtplib.SMTPException, UnicodeError) as exc:
        # The connection ended, perhaps after the last dot: nobody knows.
        return Undecided(code=type(exc).__name__)
    return Accepted(resend_id=str(message["Message-ID"]), code="250")


def _refused(code: int) -> Outcome:
    """4xx: not now; 5xx: never. Both say that the message was not taken."""
    if 400 <= code < 500:
        return Limited(code=str(code), retry_after_seconds=AGAIN_SECONDS)
    return Rejected(code=str(code))
