"""A durable's messages: asked for, seen from the moment they come, given back at the end.

Not the client's own `fetch`: it gathers what came where nobody else can reach it, and what
it held when it was cancelled is lost for the half minute that the bus waits for an answer.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header, StatusCode
from nats.js.errors import APIError

from contracts.streams import Consumer
from services.chassis.events.away import BUS_AWAY
from services.chassis.process.stopping import ended

LATE_SECONDS = 0.25
GATHER_SECONDS = 0.1
HAND_BACK_SECONDS = 2.0
NOTHING_MORE = (StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT)


class Pull:
    """One listener's hold on a durable consumer. One `fetch` at a time."""

    def __init__(self, client: Client, consumer: Consumer) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.durable}"
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._requests = 0
        self._arrived: deque[Msg] = deque()
        self._status: Msg | None = None
        self._news = asyncio.Event()

    async def open(self) -> None:
        """Begin to listen."""
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._heard)

    async def fetch(
        self, count: int, *, seconds: float, asked: int = 0, gather_seconds: float = 0
    ) -> list[Msg]:
        """Return what waits, `count` messages at most; nothing after so long a quiet.

        `asked`: so many are asked for at once; the others are here when they are wanted.
        `gather_seconds`: what came waits so long for what else comes.
        """
        if not self._arrived:
            await self._ask(max(count, asked), seconds)
        if gather_seconds and 0 < len(self._arrived) < count:
            # They stay where `close` gives them back.
            await asyncio.sleep(gather_seconds)
            await self._ask(count - len(self._arrived), 0)
        return [self._arrived.popleft() for _ in range(min(count, len(self._arrived)))]

    async def close(self) -> None:
        """Listen no more, and let somebody else have what came and was not fetched."""
        await ended(asyncio.ensure_future(self._hand_back()), within_seconds=HAND_BACK_SECONDS)

    async def _ask(self, count: int, seconds: float) -> None:
        """Let so many more messages come; the first of them may take so long."""
        here = len(self._arrived)
        self._requests += 1
        self._status = None
        # Both: wait for the first message, and once there was one, end when there is no more.
        request = {"batch": count, "expires": int(seconds * 1e9), "no_wait": True}
        await self._client.publish(self._next, msgspec.json.encode(request), self._reply)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds + LATE_SECONDS):
                await self._until(lambda: len(self._arrived) > here or bool(self._status))
            # The end is not said while others of ours are still without an answer.
            async with asyncio.timeout(GATHER_SECONDS):
                await self._until(lambda: len(self._arrived) >= here + count or bool(self._status))
        if self._status is not None and not self._arrived:
            _check(self._status)

    @property
    def _reply(self) -> str:
        return f"{self._inbox}.{self._requests}"

    async def _heard(self, msg: Msg) -> None:
        if msg.reply.startswith("$JS.ACK."):
            self._arrived.append(msg)
        elif msg.subject == self._reply:
            self._status = msg
        self._news.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._news.clear()
            await self._news.wait()

    async def _hand_back(self) -> None:
        with contextlib.suppress(*BUS_AWAY):
            if self._subscription is not None:
                # Says so and waits for the answer: what was on its way has arrived then.
                await self._subscription.drain()  # type: ignore[no-untyped-call]
        await give_back(self._arrived)


async def give_back(messages: Iterable[Msg]) -> None:
    """Refuse what has no answer yet, so that somebody else gets it at once."""
    with contextlib.suppress(*BUS_AWAY):
        for msg in messages:
            if not msg.is_acked:
                await msg.nak()


async def give_back_at_the_end(messages: Iterable[Msg]) -> None:
    """Refuse what has no answer yet, however often we are asked to stop meanwhile."""
    await ended(asyncio.ensure_future(give_back(messages)), within_seconds=HAND_BACK_SECONDS)


def _check(status: Msg) -> None:
    """Raise what the bus says is wrong; that there is nothing is not."""
    if (status.headers or {}).get(Header.STATUS) not in NOTHING_MORE:
        raise APIError.from_msg(status)
