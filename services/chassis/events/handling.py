"""Applying events inside a transaction: one at a time, or many of a kind by one call."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Union

import msgspec
from nats.aio.msg import Msg

from contracts.events.base import Event
from services.chassis.events import parked, spans
from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY, Connection

log = telemetry.logger(__name__)

Handler = Callable[[Connection, Any], Awaitable[None]]
ManyHandler = Callable[[Connection, Sequence[Any]], Awaitable[None]]

HANDLER_SECONDS = 120


class HandlerTooSlow(Exception):
    """A handler did not end within its budget."""


class Delivery(msgspec.Struct, frozen=True):
    """One message and the event in it."""

    msg: Msg
    event: Event
    letter: parked.Letter


class Handlers:
    """The handlers of one durable, and what to do when one of them fails."""

    def __init__(
        self,
        durable: str,
        handlers: Mapping[type[Event], Handler],
        together: Mapping[type[Event], ManyHandler],
    ) -> None:
        self.by_type = handlers
        self._durable = durable
        self._together = together
        self._decoder = msgspec.json.Decoder(_union(tuple(handlers)))

    def decode(self, raw: bytes) -> Event:
        """Return the event in a message; what cannot be one raises msgspec's own error."""
        event: Event = self._decoder.decode(raw)
        return event

    async def apply(self, conn: Connection, due: Sequence[Delivery]) -> dict[int, BaseException]:
        """Apply events in their order, a savepoint for each; return the faults by message.

        Neighbours that one function applies together are, whichever of its types they are of,
        by one call that writes arrays instead of rows. If that fails each is applied alone, so
        that one bad event hurts nobody else.
        """
        failed: dict[int, BaseException] = {}
        for many, neighbours in groupby(due, key=lambda each: self._together.get(type(each.event))):
            run = list(neighbours)
            if many and len(run) > 1 and await self._apply_many(conn, many, run):
                continue
            for each in run:
                try:
                    with spans.processing(self._durable, each.letter):
                        async with conn.transaction():
                            await self.handle(conn, each.event, each.letter.headers)
                except DATABASE_BUSY:
                    raise
                except Exception as exc:
                    failed[id(each.msg)] = exc
        return failed

    async def _apply_many(self, conn: Connection, many: ManyHandler, run: list[Delivery]) -> bool:
        """Apply the run by one call; False, with nothing changed, when it cannot be."""
        telemetry.correlations.set(
            {each.event.event_id: each.letter.headers.get("Pool-Correlation", "") for each in run}
        )
        try:
            # Several traces meet in one call: it is the first one's.
            with spans.processing(self._durable, run[0].letter, events=len(run)):
                async with conn.transaction(), asyncio.timeout(HANDLER_SECONDS):
                    await many(conn, [each.event for each in run])
        except DATABASE_BUSY:
            raise
        except Exception as exc:
            # Not a fault yet: each is tried alone, and says then what is wrong with it.
            error = type(exc).__name__
            log.info("batch_taken_apart", consumer=self._durable, events=len(run), error=error)
            return False
        finally:
            telemetry.correlations.set({})
        return True

    async def handle(self, conn: Connection, event: Event, headers: Mapping[str, str]) -> None:
        """Apply one event within its budget, under the correlation it came with."""
        telemetry.correlation.set(headers.get("Pool-Correlation", event.event_id))
        telemetry.causation.set(event.event_id)
        budget = asyncio.timeout(HANDLER_SECONDS)
        try:
            async with budget:
                await self.by_type[type(event)](conn, event)
        except TimeoutError as exc:
            if budget.expired():
                raise HandlerTooSlow(f"no end within {HANDLER_SECONDS} s") from exc
            raise


def _union(events: tuple[type[Event], ...]) -> Any:
    return Union[events]  # noqa: UP007 - known at run time only
