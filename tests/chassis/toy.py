"""A service with nothing to do: it shows what the chassis does for all the others.

`TOY_DIES` names where the process kills itself, as a power cut would: `published` (the bus
has acked, the row is not marked) or `committed` (applied, the message not acked).
"""

import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from nats.aio.msg import Msg

from contracts.events.base import Event
from contracts.events.settlement import DeadlinePassed, SettlementSettled
from contracts.ids import CampaignSlug
from contracts.refusals import StateRefused, TooMany
from contracts.streams import consumer
from services.chassis.events import bus, outbox
from services.chassis.events.bus import Bus
from services.chassis.events.early import NotYet
from services.chassis.events.handling import Handler, ManyHandler
from services.chassis.events.inbox import Listener
from services.chassis.process.service import Parts, Running, Service
from services.chassis.process.settings import CommonSettings, Secret
from services.chassis.storage.database import Connection, Pool, transaction

HEARD_BY = "checkout-calendar"
FIRST_DEADLINE = datetime(2026, 3, 1, 7, tzinfo=UTC)


class ToySettings(CommonSettings, frozen=True, kw_only=True):
    """The common settings and a secret of its own."""

    toy_secret: Secret
    toy_limit: Annotated[int, msgspec.Meta(ge=1)] = 3


class Said(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A body with a bit of everything."""

    what_is_said: Annotated[str, msgspec.Meta(max_length=40)]
    how_often: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    tags: dict[str, list[str]] = {}


@post("/say/{key:str}", status_code=200)
async def say(
    key: FromPath[str], data: JSONBody[Said], pool: NamedDependency[SkipValidation[Pool]]
) -> dict[str, Any]:
    async with transaction(pool) as conn:
        ids = [
            await announce(conn, data.what_is_said, version) for version in range(data.how_often)
        ]
    return {"key": key, "ids": ids}


@post("/refuse")
async def refuse() -> None:
    raise StateRefused("sold_out", "Nothing is left.", remaining=0)


@post("/too-many")
async def too_many() -> None:
    raise TooMany("slow_down", "Too often.", retry_after_seconds=7)


@post("/bug")
async def bug() -> None:
    raise RuntimeError("password=hunter2 is inside")


@get("/pages/{page:int}")
async def page(page: FromPath[int]) -> dict[str, int]:
    return {"page": page}


async def announce(conn: Connection, what: str, version: int) -> str:
    """Queue one event about `what`."""
    event = DeadlinePassed(
        event_id=outbox.new_event_id(),
        occurred_at=await conn.fetchval("SELECT platform.now()"),
        campaign=CampaignSlug(what),
        deadline_at=FIRST_DEADLINE,
    )
    await outbox.append(conn, event, key="toy", aggregate=what, version=version)
    return event.event_id


async def hear(conn: Connection, event: DeadlinePassed | SettlementSettled) -> None:
    """Remember the event; some words mean trouble."""
    if event.campaign == "poison":
        raise ValueError("poison")
    if event.campaign == "early":
        raise NotYet("early")
    await conn.execute(
        "INSERT INTO heard (event_id, what, heard_at) VALUES ($1, $2, platform.now())",
        event.event_id,
        event.campaign,
    )


def listener(
    handler: Handler = hear,
    together: Mapping[type[Event], ManyHandler] | None = None,
    gather_seconds: float = 0,
) -> Listener:
    """Return the listener, with one handler for all that its durable is told."""
    durable = consumer(HEARD_BY)
    return Listener(
        durable,
        dict.fromkeys(durable.events, handler),
        together=together or {},
        gather_seconds=gather_seconds,
    )


async def compose(settings: ToySettings, running: Running) -> Parts:
    return Parts(routes=[say, refuse, too_many, bug, page], listeners=[listener()])


SERVICE = Service("toy", settings=ToySettings, compose=compose, package=Path(__file__).parent)
SERVICE.migrations = Path(__file__).parent / "toy_migrations"


def _die_where_asked(where: str) -> None:
    publish, ack = Bus.publish, Msg.ack

    async def published_and_gone(self: Bus, *arguments: Any) -> None:
        await publish(self, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    async def gone_before_the_ack(self: Msg) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        await ack(self)

    if where == "published":
        Bus.publish = published_and_gone  # type: ignore[method-assign,assignment]
    elif where == "committed":
        Msg.ack = gone_before_the_ack  # type: ignore[method-assign]


if __name__ == "__main__":
    # A dead process' messages come back after two seconds instead of thirty.
    bus.ACK_WAIT_SECONDS = 2
    _die_where_asked(os.environ.get("TOY_DIES", ""))
    # As a module of its own it would register its routes twice.
    from tests.chassis.toy import SERVICE as TOY

    sys.exit(TOY.main(sys.argv[1:]))
