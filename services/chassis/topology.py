"""Declares every stream and consumer at once, as the one who looks after the bus.

python -m services.chassis.topology, before new code, as the migrations; NATS_URL is the
operator's. Services make what is missing by themselves; what changed is changed here.
"""

import asyncio
import contextlib
import sys
from typing import Annotated

import msgspec

from contracts.streams import CONSUMERS, STREAMS
from services.chassis.events.away import BUS_AWAY
from services.chassis.events.bus import Bus
from services.chassis.process import telemetry
from services.chassis.process.settings import Secret, SettingsError, load

log = telemetry.logger(__name__)

WAIT_SECONDS = 60.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bus is, and the account that may make streams there."""

    nats_url: Secret
    nats_replicas: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    log_level: str = "INFO"


async def provide(nats_url: str, *, replicas: int = 1, wait_seconds: float = WAIT_SECONDS) -> None:
    """Make or change all of it. Raises `TimeoutError` when the bus does not let us."""
    bus = Bus(nats_url, name="topology", streams=STREAMS, consumers=CONSUMERS, replicas=replicas)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(wait_seconds):
            await bus.ready()
            await bus.update()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def main() -> int:
    """Declare, and say how many there are; 1 when it cannot be done."""
    try:
        settings = load(Settings)
    except SettingsError as exc:
        sys.stderr.write(f"the topology cannot be declared: {exc}\n")
        return 1
    telemetry.configure_logs("topology", settings.log_level)
    try:
        asyncio.run(provide(settings.nats_url.reveal(), replicas=settings.nats_replicas))
    except BUS_AWAY as exc:
        log.error("topology_not_declared", error=type(exc).__name__)
        return 1
    log.info("topology_declared", streams=len(STREAMS), consumers=len(CONSUMERS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
