"""What happens without a request: sessions end, charges settle, old keys are forgotten."""

import asyncio
import logging
import time

from deploy.sandbox.resend_api import ResendAPI
from deploy.sandbox.stripe_api import charges, disputes, refunds, sessions
from deploy.sandbox.stripe_api.idempotency import KEPT_SECONDS
from deploy.sandbox.world import World

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
FORGET_EVERY_SECONDS = 60


async def tick_for_ever(world: World, resend: ResendAPI) -> None:
    """Expire sessions when their time comes by the sandbox's clock, which may jump."""
    forget_at = time.monotonic()
    while True:
        sessions.expire_due(world)
        if time.monotonic() >= forget_at:
            forget_old_keys(world, resend)
            forget_at = time.monotonic() + FORGET_EVERY_SECONDS
        await asyncio.sleep(TICK_SECONDS)


async def do_chores_for_ever(world: World) -> None:
    """Do what was planned for a moment later, also from before a restart."""
    while True:
        for name in await world.chores.next_due():
            try:
                _do(world, name)
            except Exception:
                world.rollback()
                log.exception("a chore could not be done: %s", name)


def _do(world: World, name: str) -> None:
    what, _, object_id = name.partition(":")
    if what == "settle":
        charges.settle_later(world, object_id)
    elif what == "refund":
        refunds.finish_later(world, object_id)
    elif what == "dispute":
        disputes.act_of_card(world, object_id)
    world.store.delete("chore", name)
    world.commit()


def forget_old_keys(world: World, resend: ResendAPI) -> None:
    """Drop idempotency keys whose day is over: Stripe's by our clock, Resend's by real time."""
    for kind, now in (("idempotency", world.clock.now()), ("resend_idempotency", resend.now())):
        # The oldest come first.
        for key in world.store.oldest_first(kind):
            kept = world.store.get(kind, key)
            if kept is not None and now - kept["at"] < KEPT_SECONDS:
                break
            world.store.delete(kind, key)
    world.commit()
