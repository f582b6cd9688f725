"""Asking the services behind us with the operator's secret, for somebody who may.

The browser never gets the secret: whoever asks here has checked the asker's role first.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from contracts.refusals import Refusal, StateRefused, TooMany
from services.chassis.process.settings import Secret
from services.site.admin.answers import Health
from services.site.asking.asker import Asker, Caller, read, refusal_of
from services.site.cart.answers import Refused
from services.site.door.upstream import Answer, Flow, Upstream

SECONDS = 10.0
HEALTH_SECONDS = 3.0
RETRY_SECONDS = 5

T = TypeVar("T")


class Declined(Refusal):
    """What a service behind us said no to, with its own status."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.error, refused.message, fields=refused.fields)
        self.status = refused.status


class Operator:
    """The operator's routes of the other services."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        places_of: Callable[[str], tuple[str, ...]],
        site_base: str,
        secret: Secret,
    ) -> None:
        self._upstream = upstream
        self._places_of = places_of
        self._site_base = site_base
        self._secret = secret

    async def read(
        self, owner: str, path: str, caller: Caller, wanted: type[T], *, seconds: float = SECONDS
    ) -> T:
        """Return what a GET answers. Raises what it refuses."""
        return _read(_there(await self._ask(owner, "GET", path, caller, seconds=seconds)), wanted)

    async def look(self, owner: str, path: str, caller: Caller, wanted: type[T]) -> T | None:
        """Return what a GET answers, None when it is refused or nobody is there: for a screen
        that shows several services, and says of each whether it answers."""
        try:
            return await self.read(owner, path, caller, wanted, seconds=HEALTH_SECONDS)
        except Refusal:
            return None

    async def find(self, owner: str, path: str, caller: Caller, wanted: type[T]) -> T | None:
        """Return what a GET answers, None while the state says that there is nothing yet."""
        answer = await self._ask(owner, "GET", path, caller, none_at=StateRefused.status)
        return None if answer is None else _read(answer, wanted)

    async def do(
        self,
        owner: str,
        path: str,
        caller: Caller,
        body: Mapping[str, Any],
        wanted: type[T],
        *,
        seconds: float = SECONDS,
        key: str = "",
    ) -> T:
        """Return what a POST answers. Raises what it refuses. The same `key` does it once."""
        answer = await self._ask(owner, "POST", path, caller, body, seconds=seconds, key=key)
        return _read(_there(answer), wanted)

    async def health(self, owner: str, caller: Caller) -> Health:
        """Return how a service feels; whoever does not answer is not well."""
        asker = Asker(self._upstream, places=self._places_of(owner), site_base=self._site_base)
        answer = await asker.ask("GET", "/readyz", caller, seconds=HEALTH_SECONDS)
        if isinstance(answer, Answer):
            found = read(answer, Health)
            if isinstance(found, Health):
                return found
        return Health(ready=False)

    async def flow(
        self, owner: str, path: str, caller: Caller, *, seconds: float = SECONDS
    ) -> Flow:
        """Return a file as it comes, however long. Raises what is refused instead of it."""
        flow = await self._upstream.flow(
            self._places_of(owner),
            path,
            headers={"accept": "*/*", "origin": self._site_base, **self._authority()},
            client=caller.address,
            timeout_seconds=seconds,
        )
        if flow.status != 200:
            body = b"".join([part async for part in flow.parts])
            raise Declined(refusal_of(Answer(flow.status, flow.headers, body)))
        return flow

    def _authority(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._secret.reveal()}"}

    async def _ask(
        self,
        owner: str,
        method: str,
        path: str,
        caller: Caller,
        body: Mapping[str, Any] | None = None,
        *,
        none_at: int = 0,
        seconds: float = SECONDS,
        key: str = "",
    ) -> Answer | None:
        places = self._places_of(owner)
        asker = Asker(self._upstream, places=places, site_base=self._site_base)
        authority = self._authority()
        if key:
            authority["idempotency-key"] = key
        answer = await asker.ask(
            method, path, caller, seconds=seconds, body=body, headers=authority
        )
        if isinstance(answer, Refused) and answer.status == none_at:
            return None
        return _or_raise(answer)


def _or_raise(answer: Answer | Refused) -> Answer:
    if isinstance(answer, Answer):
        return answer
    if answer.status == TooMany.status:
        raise TooMany(answer.error, answer.message, retry_after_seconds=RETRY_SECONDS)
    raise Declined(answer)


def _there(answer: Answer | None) -> Answer:
    assert answer is not None, "only `find` takes no for an answer"
    return answer


def _read(answer: Answer, wanted: type[T]) -> T:
    found = read(answer, wanted)
    if isinstance(found, Refused):
        raise Declined(found)
    return found
