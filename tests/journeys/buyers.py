"""A crowd of buyers as a process of its own: each starts one checkout, and says how it went.

python -m tests.journeys.buyers SITE CART COUNT, the cart as JSON. Prints a line of JSON for
every answer as it comes. Nobody is asked twice: what a buyer gets is what a buyer has.
"""

import asyncio
import json
import secrets
import sys
from typing import Any

import aiohttp

AT_ONCE = 48
CALL_SECONDS = 30.0


async def buy(http: aiohttp.ClientSession, site: str, items: Any) -> dict[str, Any]:
    """Return the answer to one start."""
    email = f"buyer.{secrets.token_hex(4)}@halfmoon.example"
    body = {"items": items, "email": email, "tipPercent": 5}
    headers = {"Origin": site, "Idempotency-Key": secrets.token_hex(12)}
    async with http.post(f"{site}/checkout-intent/start", json=body, headers=headers) as answer:
        said = await answer.json()
    return {
        "status": answer.status,
        "error": said.get("error", ""),
        "email": email,
        "session": said.get("sessionId", ""),
        "order": said.get("orderId", ""),
    }


async def crowd(site: str, items: Any, count: int) -> None:
    """Let them all come, so many at once as a premiere has."""
    hands = asyncio.Semaphore(AT_ONCE)
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:

        async def one() -> None:
            async with hands:
                try:
                    told = await buy(http, site, items)
                except (aiohttp.ClientError, TimeoutError) as exc:
                    told = {"status": 0, "error": type(exc).__name__}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()

        await asyncio.gather(*(one() for _ in range(count)))


if __name__ == "__main__":
    asyncio.run(crowd(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
