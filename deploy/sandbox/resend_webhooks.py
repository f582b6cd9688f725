"""What Resend tells of a mail it took, for its published test addresses: signed, and again."""

import base64
import hashlib
import hmac
import logging
import time
from email.utils import parseaddr

import aiohttp
import msgspec

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.world import World

log = logging.getLogger(__name__)

# Real time. What is told takes a moment: who sent the mail has recorded it by then.
FIRST_SECONDS = 0.5
RETRY_SECONDS = (1, 5, 30, 300, 1_800, 3_600)
ANSWER_SECONDS_MAX = 20
DOMAIN = "resend.dev"
BOUNCE = {
    "type": "Permanent",
    "subType": "General",
    "message": "The recipient's mail server rejected the email.",
}
TOLD: dict[str, Obj] = {
    "delivered": {},
    "bounced": {"bounce": BOUNCE},
    "complained": {},
    "suppressed": {"suppressed": {"type": "OnAccountSuppressionList", "message": "Suppressed."}},
}


def happens_to(address: str) -> str:
    """Return what becomes of a mail to a test address; nothing is told of any other.

    >>> happens_to("Ana <bounced+ana@resend.dev>"), happens_to("ana@example.org")
    ('bounced', '')
    """
    name, _, domain = parseaddr(address)[1].lower().rpartition("@")
    happened = name.partition("+")[0]
    return happened if domain == DOMAIN and happened in TOLD else ""


def plan_telling(world: World, mail: Obj) -> None:
    """Have told what becomes of a mail, once it is committed; nowhere without an address."""
    if not (world.settings.resend_webhook_url and world.settings.resend_webhook_secret):
        return
    for address in mail["to"]:
        if happened := happens_to(address):
            payload = {
                "type": f"email.{happened}",
                "created_at": mail["at"],
                "data": {
                    "created_at": mail["at"],
                    "email_id": mail["id"],
                    "from": mail["from"],
                    "to": [parseaddr(address)[1]],
                    "subject": mail["subject"],
                    "tags": {each["name"]: each["value"] for each in mail["tags"]},
                    **TOLD[happened],
                },
            }
            telling: Obj = {"id": ids.new_id("msg"), "payload": payload, "attempts": 0}
            world.store.put("resend_telling", telling)
            world.tellings.add(telling["id"], time.time() + FIRST_SECONDS)


async def tell_for_ever(world: World) -> None:
    """Tell what is due, one after the other, also from before a restart."""
    for telling_id in list(world.store.oldest_first("resend_telling")):
        world.tellings.add(telling_id, time.time())
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        while True:
            for telling_id in await world.tellings.next_due():
                await _tell(world, http, telling_id)


async def _tell(world: World, http: aiohttp.ClientSession, telling_id: str) -> None:
    telling = world.store.get("resend_telling", telling_id)
    if telling is None:
        return
    if await _is_heard(world, http, telling) or telling["attempts"] >= len(RETRY_SECONDS):
        world.store.delete("resend_telling", telling_id)
    else:
        world.tellings.add(telling_id, time.time() + RETRY_SECONDS[telling["attempts"]])
        world.store.put("resend_telling", {**telling, "attempts": telling["attempts"] + 1})
    world.commit()


async def _is_heard(world: World, http: aiohttp.ClientSession, telling: Obj) -> bool:
    body = msgspec.json.encode(telling["payload"])
    # Real time: whoever verifies compares with their own clock.
    at = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Svix-Webhooks/1.0",
        "svix-id": telling["id"],
        "svix-timestamp": at,
        "svix-signature": signature(telling["id"], at, body, world.settings.resend_webhook_secret),
    }
    url = world.settings.resend_webhook_url
    try:
        async with http.post(url, data=body, headers=headers) as answer:
            return 200 <= answer.status < 300
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        log.info("not told", extra={"telling": telling["id"], "why": type(exc).__name__})
        return False


def signature(telling_id: str, at: str, body: bytes, secret: str) -> str:
    """Return the signature as Svix makes it, who sends Resend's webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{telling_id}.{at}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
