"""Resend's HTTP API: mails taken in, checked as Resend checks them, and kept for the inbox."""

import hmac
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from deploy.sandbox.mails import ResendError, checked
from deploy.sandbox.rate_limit import RateLimit
from deploy.sandbox.resend_webhooks import plan_telling
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.idempotency import fingerprint
from deploy.sandbox.tally import GONE, WORDS_KEPT, Tally, without_words
from deploy.sandbox.world import World

KEY_LENGTH_MAX = 256
KEPT_SECONDS = 86_400
BATCH_MAX = 100


class ResendAPI:
    """Resend, as it is asked. Keys are remembered for a day of real time.

    Who sends again counts in real time, too: were a key forgotten because the platform's
    clock was moved, a mail whose answer was lost would arrive twice.
    """

    def __init__(self, world: World, *, now: Callable[[], float] = time.time) -> None:
        self.world = world
        self.now = now
        self.tally = Tally()
        self._in_progress: set[str] = set()
        self._limit = RateLimit()
        # Whose words are kept, oldest first.
        self._wordy: deque[str] = deque()
        for mail_id in world.store.oldest_first("mail"):
            if mail := world.store.get("mail", mail_id):
                self.tally.add(mail)
                if mail["text"] != GONE:
                    self._wordy.append(mail_id)

    def check_pace(self) -> None:
        """Refuse what is faster than the account may ask; Resend counts requests, not mails."""
        if self._limit.is_exceeded(self.world.faults.resend_rate_limit_per_second):
            self.tally.refused_as_too_fast += 1
            raise ResendError(
                429,
                "rate_limit_exceeded",
                "Too many requests. You can only make so many requests per second.",
            )

    def check_key(self, authorization: str) -> None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise ResendError(
                401, "missing_api_key", "Missing API key in the authorization header."
            )
        expected = self.world.settings.resend_api_key.encode()
        if not hmac.compare_digest(key.strip().encode(), expected):
            raise ResendError(401, "invalid_api_key", "API key is invalid.")

    @contextmanager
    def in_progress(self, key: str | None) -> Iterator[None]:
        """Keep others from asking under the same key until this request is answered."""
        if key is None:
            yield
            return
        if key in self._in_progress:
            raise ResendError(
                409,
                "concurrent_idempotent_requests",
                "Another request with the same idempotency key is currently in progress.",
            )
        self._in_progress.add(key)
        try:
            yield
        finally:
            self._in_progress.discard(key)

    def send(self, body: bytes, key: str | None, *, path: str, is_permissive: bool = False) -> Obj:
        """Take one mail, or with path `/emails/batch` up to a hundred; all or none of them."""
        content = _decoded(body)
        if key is not None and not 1 <= len(key) <= KEY_LENGTH_MAX:
            raise ResendError(
                400, "invalid_idempotency_key", "The key must be between 1-256 chars."
            )
        mark = fingerprint({"path": path, "content": content})
        if key is not None and (kept := self._kept(key, mark)) is not None:
            return kept
        taken: list[Obj] = []
        answer = (
            self._take_batch(content, taken, is_permissive)
            if path == "/emails/batch"
            else {"id": self._take(checked(content), taken)}
        )
        self._forget_words(len(taken))
        if key is not None:
            kept = {"id": key, "at": self.now(), "mark": mark, "answer": answer}
            self.world.store.put("resend_idempotency", kept)
        self.world.commit()
        for mail in taken:
            self.tally.add(mail)
            self._wordy.append(mail["id"])
        return answer

    def _take_batch(self, content: Any, taken: list[Obj], is_permissive: bool) -> Obj:
        if not isinstance(content, list):
            raise ResendError(422, "validation_error", "Request body must be an array.")
        if not 1 <= len(content) <= BATCH_MAX:
            message = f"The batch must hold between 1 and {BATCH_MAX} emails."
            raise ResendError(422, "validation_error", message)
        errors: list[Obj] = []
        mails: list[Obj] = []
        for index, mail in enumerate(content):
            try:
                mails.append(checked(mail, is_in_batch=True))
            except ResendError as exc:
                if not is_permissive:
                    raise
                errors.append({"index": index, "message": exc.body["message"]})
        answer: Obj = {"data": [{"id": self._take(mail, taken)} for mail in mails]}
        return {**answer, "errors": errors} if is_permissive else answer

    def _take(self, mail: Obj, taken: list[Obj]) -> str:
        at = datetime.fromtimestamp(self.world.clock.now(), UTC)
        mail["id"] = str(uuid.uuid4())
        mail["at"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # By a clock that nobody moves: when it really came.
        mail["received_at"] = datetime.now(UTC).isoformat()
        self.world.store.put("mail", mail)
        plan_telling(self.world, mail)
        taken.append(mail)
        return str(mail["id"])

    def _forget_words(self, coming: int) -> None:
        """Make room for so many mails: fifty thousand with their words would fill the memory."""
        while self._wordy and len(self._wordy) + coming > WORDS_KEPT:
            mail_id = self._wordy.popleft()
            if mail := self.world.store.get("mail", mail_id):
                self.world.store.put("mail", without_words(mail))

    def _kept(self, key: str, mark: str) -> Obj | None:
        kept = self.world.store.get("resend_idempotency", key)
        if kept is None or self.now() - kept["at"] >= KEPT_SECONDS:
            return None
        if kept["mark"] != mark:
            raise ResendError(
                409,
                "invalid_idempotent_request",
                "This idempotency key has already been used on a request that had a different"
                " payload.",
            )
        answer: Obj = kept["answer"]
        return answer


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as exc:
        raise ResendError(400, "validation_error", "The request body is not valid JSON.") from exc
