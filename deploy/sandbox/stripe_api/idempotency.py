"""Idempotency keys: the first answer is kept and given again, for 24 hours."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from deploy.sandbox.stripe_api.errors import idempotency_error
from deploy.sandbox.world import World

KEY_LENGTH_MAX = 255
KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    # The request that was executed; a replay names it beside its own id.
    request_id: str


class Keys:
    """What is known under each key. Keys in progress live as long as the process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._in_progress: set[str] = set()

    def replay(self, key: str, fingerprint: str, path: str) -> Answer | None:
        """Return the kept answer, None for a new key, or refuse a key used for something else."""
        kept = self._world.store.get("idempotency", key)
        if kept and self._world.clock.now() - kept["at"] >= KEPT_SECONDS:
            kept = None
        if kept is None:
            if key in self._in_progress:
                raise idempotency_error(
                    409,
                    "There is currently another in-progress request using this Idempotent Key"
                    " (that probably means you submitted twice, and the other request is still"
                    f" going through): {key}. Please try again later.",
                    code="idempotency_key_in_use",
                )
            return None
        if kept["path"] != path:
            raise idempotency_error(
                400,
                "Keys for idempotent requests can only be used for the same endpoint they were"
                f" first used for ('{path}' vs '{kept['path']}'). Try using a key other than"
                f" '{key}' if you meant to execute a different request.",
            )
        if kept["fingerprint"] != fingerprint:
            raise idempotency_error(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were"
                f" first used with. Try using a key other than '{key}' if you meant to execute a"
                " different request.",
            )
        return Answer(kept["status"], kept["body"].encode(), kept["request_id"])

    def begin(self, key: str) -> None:
        self._in_progress.add(key)

    def end(self, key: str) -> None:
        self._in_progress.discard(key)

    def keep(self, key: str, fingerprint: str, path: str, answer: Answer) -> None:
        """Stage the answer, to be committed with what the request did."""
        self._world.store.put(
            "idempotency",
            {
                "id": key,
                "at": self._world.clock.now(),
                "path": path,
                "fingerprint": fingerprint,
                "status": answer.status,
                "body": answer.body.decode(),
                "request_id": answer.request_id,
            },
        )


def checked_key(key: str | None) -> str | None:
    if key is not None and not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise idempotency_error(
            400, f"Idempotency keys must be 1 to {KEY_LENGTH_MAX} characters long."
        )
    return key


def fingerprint(form: dict[str, Any]) -> str:
    """Return what two requests with equal parameters have in common."""
    return hashlib.sha256(msgspec.json.encode(form, order="deterministic")).hexdigest()
