"""When a listener stops: what it holds, or is just being sent, goes to somebody else now.

Otherwise the bus would wait half a minute for our answer before it tries the next.
"""

import asyncio
import contextlib

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from services.chassis.bus import AWAY

SECONDS = 0.15
DELAY_SECONDS = 1
"""By then our own connection is closed: an open request of ours could get it again."""


async def hand_back(
    subscription: JetStreamContext.PullSubscription | None, messages: list[Msg]
) -> None:
    """Refuse further messages and give back those without an answer."""
    with contextlib.suppress(*AWAY):
        async with asyncio.timeout(SECONDS):
            if subscription is not None:
                messages = [*messages, *await _last_ones(subscription)]
            for msg in messages:
                if not msg._ackd:
                    await msg.nak(delay=DELAY_SECONDS)


async def _last_ones(subscription: JetStreamContext.PullSubscription) -> list[Msg]:
    """Tell the server that nobody listens any more; return what it sent before it knew."""
    # Not `unsubscribe`: that forgets at once, and would drop what is on its way.
    await subscription._nc._send_unsubscribe(subscription._sub._id)
    await subscription._nc.flush(timeout=1)
    queue = subscription._sub._pending_queue
    found: list[Msg] = []
    while not queue.empty():
        msg = queue.get_nowait()
        if msg.reply.startswith("$JS.ACK."):
            found.append(msg)
    return found
