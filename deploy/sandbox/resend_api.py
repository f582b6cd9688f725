"""Resend's HTTP API: mails taken in, checked as Resend checks them, and kept for the inbox."""

import hmac
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from deploy.sandbox.mails import ResendError, checked
from deploy.sandbox.resend_webhooks import plan_telling
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.idempotency import fingerprint
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
        self._in_progress: set[str] = set()

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
        answer = (
            self._take_batch(content, is_permissive)
            if path == "/emails/batch"
            else {"id": self._take(checked(content))}
        )
        if key is not None:
            kept = {"id": key, "at": self.now(), "mark": mark, "answer": answer}
            self.world.store.put("resend_idempotency", kept)
        self.world.commit()
        return answer

    def _take_batch(self, content: Any, is_permissive: bool) -> Obj:
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
        taken: Obj = {"data": [{"id": self._take(mail)} for mail in mails]}
        return {**taken, "errors": errors} if is_permissive else taken

    def _take(self, mail: Obj) -> str:
        at = datetime.fromtimestamp(self.world.clock.now(), UTC)
        mail["id"] = str(uuid.uuid4())
        mail["at"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.world.store.put("mail", mail)
        plan_telling(self.world, mail)
        return str(mail["id"])

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
