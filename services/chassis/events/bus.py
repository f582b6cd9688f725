"""NATS JetStream: connect for ever, declare the topology, publish with a message id.

NATS is a cable, not a store: every acknowledged message can be replayed from an
outbox, so nothing here tries to be clever about loss.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from contracts.streams import Consumer, Stream
from contracts.subjects import pattern
from services.chassis.events.away import BUS_AWAY, BusAway
from services.chassis.events.pull import Pull
from services.chassis.process import telemetry

log = telemetry.logger(__name__)

PUBLISH_SECONDS = 2.0
ASK_SECONDS = 2.0
OWNER_SECONDS = 0.25
ACK_WAIT_SECONDS = 30
MESSAGE_BYTES_MAX = 256 * 1024
STREAM_BYTES_MAX = 1024**3
WEEK_SECONDS = 7 * 24 * 3600
ANSWERS_AT_ONCE = 8


class StreamSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A stream at one moment. `looked_at` is before the answer was made, real time."""

    created_at: datetime
    last_sequence: int
    is_empty: bool
    fullness: float
    looked_at: datetime


class Bus:
    """One connection to NATS that comes back by itself, whatever happens to the server."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        streams: tuple[Stream, ...],
        consumers: tuple[Consumer, ...],
        replicas: int = 1,
    ) -> None:
        self._url = url
        self._name = name
        self._streams = streams
        self._consumers = consumers
        self._replicas = replicas
        self._client = Client()
        self._declared = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Tell whether the server answers and the topology stands."""
        return self._client.is_connected and self._declared.is_set()

    async def run(self) -> None:
        """Connect, declare, and stay connected until cancelled."""
        try:
            await self._connect()
            while True:
                try:
                    await self.declare()
                    break
                except BUS_AWAY as exc:
                    log.warning("bus_declare_failed", error=type(exc).__name__)
                    await asyncio.sleep(0.5)
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def _connect(self) -> None:
        while not self._client.is_connected:
            try:
                await self._client.connect(
                    # Of a cluster every node, with commas; each may be the one that is left.
                    self._url.split(","),
                    name=self._name,
                    connect_timeout=1,
                    reconnect_time_wait=1,
                    max_reconnect_attempts=-1,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=_ignore,
                    inbox_prefix=f"_INBOX.{self._name}".encode(),
                )
            except (*BUS_AWAY, asyncio.CancelledError) as exc:
                if isinstance(exc, asyncio.CancelledError):
                    raise
                await asyncio.sleep(0.5)

    async def declare(self) -> None:
        """Create our streams, and whoever hears them, where they are missing.

        A stream that stands stays as it is. Who may change one can have it copy what
        others say, so that is left to `topology`, with the operator's account.
        """
        for stream in self._streams:
            try:
                await self._jetstream.stream_info(stream.name)
            except NotFoundError:
                await self._jetstream.add_stream(_stream_config(stream, self._replicas))
        for consumer in self._consumers:
            await self._jetstream.add_consumer(consumer.stream, _consumer_config(consumer))
        self._declared.set()

    async def update(self) -> None:
        """Give streams that stand the configuration they have by now."""
        for stream in self._streams:
            await self._jetstream.update_stream(_stream_config(stream, self._replicas))

    async def ready(self) -> None:
        """Wait until the topology stands."""
        await self._declared.wait()

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """Publish and wait for the ack. A time-out means unknown: same message id again."""
        if not self._client.is_connected:
            raise BusAway
        await self._jetstream.publish(
            subject, payload, timeout=PUBLISH_SECONDS, headers=dict(headers)
        )

    async def pull(self, consumer: Consumer) -> Pull:
        """Return an open hold on a durable, once its stream's owner has declared it."""
        while True:
            try:
                await self._jetstream.consumer_info(consumer.stream, consumer.durable)
                break
            except NotFoundError:
                await asyncio.sleep(OWNER_SECONDS)
        pull = Pull(self._client, consumer)
        await pull.open()
        return pull

    async def backlog(self, durable: str, stream: str) -> int:
        """Return how many messages of a durable are waiting or in somebody's hands."""
        pending, in_hand = await self.queue(durable, stream)
        return pending + in_hand

    async def queue(self, durable: str, stream: str) -> tuple[int, int]:
        """Return how many messages of a durable are waiting, and how many in somebody's hands."""
        info = await self._jetstream.consumer_info(stream, durable)
        return info.num_pending or 0, info.num_ack_pending or 0

    async def look_at(self, stream: str) -> StreamSeen:
        """Return how a stream stands; declares the topology first if it is gone."""
        looked_at = datetime.now(UTC)
        try:
            info = await self._jetstream.stream_info(stream)
        except NotFoundError:
            await self.declare()
            info = await self._jetstream.stream_info(stream)
        assert info.created is not None, "the server names the time of creation"
        room = info.config.max_bytes or STREAM_BYTES_MAX
        return StreamSeen(
            created_at=info.created,
            last_sequence=info.state.last_seq,
            is_empty=info.state.messages == 0,
            fullness=info.state.bytes / room,
            looked_at=looked_at,
        )

    async def broadcast(self, subject: str, payload: bytes) -> None:
        """Tell every process that listens right now; nobody else will ever know."""
        with contextlib.suppress(*BUS_AWAY):
            if self._client.is_connected:
                await self._client.publish(subject, payload)

    async def listen(self, subject: str, heard: Callable[[Msg], Awaitable[None]]) -> None:
        """Call `heard` for every broadcast on `subject`; survives reconnects."""
        await self._declared.wait()
        await self._client.subscribe(subject, cb=heard)

    async def ask(self, subject: str, payload: bytes, *, within_seconds: float) -> bytes | None:
        """Ask whoever answers `subject`, once; None when nobody did in time."""
        if not self._client.is_connected:
            return None
        try:
            answer = await self._client.request(subject, payload, timeout=within_seconds)
        except BUS_AWAY:
            return None
        return answer.data

    async def answer(self, subject: str, respond: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer questions on `subject`, in turn with our other processes, until cancelled.

        A question whose answer cannot be made gets none: the asker knows what that means.
        """
        await self._declared.wait()
        hands = asyncio.Semaphore(ANSWERS_AT_ONCE)

        async def make(question: Msg) -> None:
            async with hands:
                try:
                    await question.respond(await respond(question.data))
                except Exception:
                    telemetry.LOOP_FAILURES.labels(subject).inc()
                    log.exception("question_not_answered", subject=subject)

        async with asyncio.TaskGroup() as answering:

            async def heard(question: Msg) -> None:
                answering.create_task(make(question))

            await self._client.subscribe(subject, queue=self._name, cb=heard)
            await asyncio.Event().wait()

    async def close(self) -> None:
        """Leave quietly; what was not acknowledged is delivered again."""
        with contextlib.suppress(*BUS_AWAY):
            async with asyncio.timeout(2):
                await self._client.close()

    @property
    def _jetstream(self) -> JetStreamContext:
        return self._client.jetstream(timeout=ASK_SECONDS)


def _stream_config(stream: Stream, replicas: int) -> StreamConfig:
    is_queue = stream.retention == "workqueue"
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=RetentionPolicy.WORK_QUEUE if is_queue else RetentionPolicy.INTEREST,
        storage=StorageType.FILE,
        # Refusing the newest is a delay, dropping the oldest unread would be a loss.
        discard=DiscardPolicy.NEW,
        max_bytes=STREAM_BYTES_MAX,
        max_age=0 if is_queue else WEEK_SECONDS,
        max_msg_size=MESSAGE_BYTES_MAX,
        num_replicas=replicas,
        duplicate_window=120,
    )


def _consumer_config(consumer: Consumer) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=consumer.durable,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_ack_pending=consumer.ack_pending_max,
        filter_subjects=[pattern(event) for event in consumer.events],
    )


async def _ignore(_: Any) -> None:
    """The client's own error callback prints tracebacks; states are logged by our loops."""
