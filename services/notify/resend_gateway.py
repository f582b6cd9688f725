"""Resend, through its SDK: the only module that knows it."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import resend
from resend.exceptions import ResendError

from contracts.refusals import LinkRefused
from services.notify.domain.batching import split
from services.notify.domain.letters import Letter
from services.notify.domain.mails import Accepted, KeyTaken, Limited, Outcome, Rejected, Undecided

BUDGET_SECONDS = 10.0
CONNECT_SECONDS = 3.0
CONNECTIONS_MAX = 20

# Refused because of our account, not because of this mail: an operator can mend it. 403 is
# said of a domain that is not verified, too, 451 of an account under suspicion.
OUR_ACCOUNT = (401, 403, 451)
OUR_FAULT = ("missing_api_key", "invalid_api_key", "restricted_api_key", "invalid_from_address")


class PooledClient(resend.AsyncHTTPClient):
    """One session for the life of the process: the SDK's own opens a connection per mail."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=BUDGET_SECONDS, connect=CONNECT_SECONDS),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
            # An operator's proxy, where there is one.
            trust_env=True,
        )

    async def request(  # noqa: PLR0917 (the SDK's signature)
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,
        data: dict[str, str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one request for the SDK; we send neither files nor forms."""
        assert files is None, "mails have no attachments"
        assert data is None, "mails are sent as JSON"
        async with self._session.request(
            method, url, headers=headers, json=json, allow_redirects=False
        ) as answer:
            return await answer.read(), answer.status, answer.headers

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()


class ResendGateway:
    """Offers letters to Resend and says what became of each."""

    # A repeat under the same key is not a second copy.
    remembers_keys = True
    # By one request.
    batch_max = 100
    # A turn at our pace, and the one request.
    lease_seconds = 30.0

    def __init__(
        self, *, api_key: str, api_base: str, budget_seconds: float = BUDGET_SECONDS
    ) -> None:
        # The SDK keeps its configuration in the module: one key per process.
        resend.api_key = api_key
        resend.api_url = api_base.rstrip("/")
        self._budget_seconds = budget_seconds
        self._client = PooledClient()
        resend.default_async_http_client = self._client
        self.is_away = False

    async def send(self, letter: Letter, *, idempotency_key: str) -> Outcome:
        """Offer one letter. Whatever is not a plain yes or no is undecided."""
        try:
            async with asyncio.timeout(self._budget_seconds):
                answer = await resend.Emails.send_async(
                    _parameters(letter), {"idempotency_key": idempotency_key}
                )
            outcome: Outcome = Accepted(resend_id=answer["id"])
        except ResendError as exc:
            outcome = _outcome(exc)
        except (TimeoutError, KeyError, TypeError) as exc:
            # Too late, or an answer that is none: it may have been taken all the same.
            outcome = Undecided(code=type(exc).__name__)
        self.is_away = isinstance(outcome, Undecided)
        return outcome

    async def send_many(self, letters: Sequence[Letter], *, idempotency_key: str) -> list[Outcome]:
        """Offer up to a hundred letters at once; what is wrong with one harms no other."""
        try:
            async with asyncio.timeout(self._budget_seconds):
                answer = await resend.Batch.send_async(
                    [_parameters(letter) for letter in letters],
                    {"idempotency_key": idempotency_key, "batch_validation": "permissive"},
                )
            refused = {each["index"]: each["message"] for each in answer.get("errors") or ()}
            outcomes = split([each["id"] for each in answer["data"]], refused, len(letters))
        except ResendError as exc:
            outcomes = [_outcome(exc)] * len(letters)
        except (TimeoutError, KeyError, TypeError) as exc:
            outcomes = [Undecided(code=type(exc).__name__)] * len(letters)
        self.is_away = all(isinstance(each, Undecided) for each in outcomes)
        return outcomes

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()


def heard(raw: bytes, headers: Mapping[str, str], secret: str) -> dict[str, Any]:
    """Return what a webhook says, if it is Resend's own. Raises `LinkRefused`."""
    try:
        return dict(
            resend.Webhooks.verify(
                {
                    "payload": raw.decode(),
                    "headers": {
                        "id": headers.get("svix-id", ""),
                        "timestamp": headers.get("svix-timestamp", ""),
                        "signature": headers.get("svix-signature", ""),
                    },
                    "webhook_secret": secret,
                }
            )
        )
    except ValueError as exc:
        raise LinkRefused("invalid_signature", "This is not signed by Resend.") from exc


def _parameters(letter: Letter) -> resend.Emails.SendParams:
    parameters: resend.Emails.SendParams = {
        "from": letter.sender,
        "to": [letter.to],
        "subject": letter.subject,
        "html": letter.html,
        "text": letter.text,
        "headers": letter.headers,
        "tags": [{"name": "kind", "value": letter.kind}],
    }
    if letter.attachments:
        parameters["attachments"] = [
            {"filename": each.name, "content": base64.b64encode(each.content).decode()}
            for each in letter.attachments
        ]
    if letter.reply_to:
        parameters["reply_to"] = letter.reply_to
    return parameters


def _outcome(exc: ResendError) -> Outcome:
    status, name = int(exc.code), exc.error_type
    if status == 429:
        return Limited(code=name, retry_after_seconds=_retry_after(exc.headers))
    if name == "invalid_idempotent_request":
        return KeyTaken(code=name)
    if status >= 500 or status in (408, 409, *OUR_ACCOUNT) or name in OUR_FAULT:
        return Undecided(code=f"{status} {name}")
    return Rejected(code=f"{status} {name}")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    found = {name.lower(): value for name, value in headers.items()}
    try:
        return max(0.0, float(found["retry-after"]))
    except (KeyError, ValueError):
        return None
