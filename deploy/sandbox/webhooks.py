"""Delivering events: signed, retried with back-off for three days, surviving restarts."""

import asyncio
import logging
import time

import aiohttp
import msgspec
from stripe import WebhookSignature

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.events import with_deliveries
from deploy.sandbox.world import World

log = logging.getLogger(__name__)

# Real time, fast at first: a service that is being restarted should not wait an hour.
RETRY_SECONDS = (1, 2, 5, 15, 60, 300, 1_800, 3_600)
GIVE_UP_SECONDS = 3 * 86_400
ANSWER_SECONDS_MAX = 20
IN_FLIGHT_MAX = 16


async def deliver_for_ever(world: World) -> None:
    """Take what is due off the timetable and deliver it."""
    slots = asyncio.Semaphore(IN_FLIGHT_MAX)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT_MAX)
    async with (
        aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
        asyncio.TaskGroup() as tasks,
    ):
        while True:
            for event_id in await world.webhooks.next_due():
                if world.faults.reorder_webhooks:
                    # One after the other, so that the new order arrives as it is.
                    await _deliver(world, http, event_id)
                    continue
                await slots.acquire()
                task = tasks.create_task(_deliver(world, http, event_id))
                task.add_done_callback(lambda _: slots.release())


async def _deliver(world: World, http: aiohttp.ClientSession, event_id: str) -> None:
    try:
        await _try(world, http, event_id)
    except Exception:
        # One that cannot be sent at all must not hold up the others.
        log.exception("a webhook could not be sent", extra={"event": event_id})
        world.webhooks.add(event_id, time.time() + RETRY_SECONDS[-1])


async def _try(world: World, http: aiohttp.ClientSession, event_id: str) -> None:
    event = world.store.get("event", event_id)
    delivery = world.store.get("delivery", event_id)
    if event is None or delivery is None or delivery["state"] != "pending":
        return
    delivery["last_status"] = await _post(world, http, event)
    delivery["attempts"] += 1
    next_at = conclude(delivery, now=time.time())
    world.store.put("delivery", delivery)
    world.commit()
    if next_at is not None:
        world.webhooks.add(event_id, next_at)


def conclude(delivery: Obj, *, now: float) -> float | None:
    """Write down how it went and return when to try again, if at all."""
    status = delivery["last_status"]
    if status is not None and 200 <= status < 300:
        delivery["copies"] -= 1
        if delivery["copies"] > 0:
            return now
        delivery["state"] = "delivered"
        return None
    wait_seconds = RETRY_SECONDS[min(delivery["attempts"], len(RETRY_SECONDS)) - 1]
    delivery["due_at"] = now + wait_seconds
    if delivery["due_at"] > delivery["planned_at"] + GIVE_UP_SECONDS:
        delivery["state"] = "given_up"
        return None
    return float(delivery["due_at"])


async def _post(world: World, http: aiohttp.ClientSession, event: Obj) -> int | None:
    """Return the status of the answer, None without one."""
    body = msgspec.json.encode(with_deliveries(world, event)).decode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        # Real time: whoever verifies compares with their own clock.
        "Stripe-Signature": WebhookSignature.generate_signature_header(
            body, world.settings.stripe_webhook_secret
        ),
    }
    try:
        async with http.post(
            world.settings.stripe_webhook_url, data=body.encode(), headers=headers
        ) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        log.info("webhook not delivered", extra={"event": event["id"], "why": type(exc).__name__})
        return None
