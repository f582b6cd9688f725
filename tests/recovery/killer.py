"""A listener whose handler ends the process at one event, as a bug in C code would."""

import asyncio
import os
import sys

from contracts.events.settlement import CampaignWentLive, DeadlinePassed, SettlementSettled
from contracts.streams import CONSUMERS, STREAMS, consumer
from services.chassis.events import bus as chassis_bus
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Connection, open_pool
from tests.recovery.people import CALENDAR


async def hear(_: Connection, event: CampaignWentLive | DeadlinePassed | SettlementSettled) -> None:
    if event.campaign == "killer":
        os._exit(9)


async def main(database_url: str, nats_url: str) -> None:
    # A dead process' messages come back after a second instead of thirty.
    chassis_bus.ACK_WAIT_SECONDS = 1
    pool = await open_pool(database_url, schema="site")
    bus = chassis_bus.Bus(nats_url, name="site", streams=STREAMS, consumers=CONSUMERS)
    calendar = consumer(CALENDAR)
    listener = Listener(calendar, dict.fromkeys(calendar.events, hear))
    await asyncio.gather(bus.run(), listener.run(pool, bus))


asyncio.run(main(*sys.argv[1:]))
