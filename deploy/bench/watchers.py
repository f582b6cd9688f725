"""Many people with an open page, in a process of their own: they read a campaign's stream.

python -m deploy.bench.watchers URL COUNT
prints `ready`, and when its input ends one JSON line: for each number of pledges the instants
(seconds since 1970) at which each watcher first saw at least so many, and who lost its stream.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import aiohttp

AT_A_TIME = 50


@dataclass
class Watcher:
    """One open page."""

    seen: list[tuple[float, int]] = field(default_factory=list)
    is_lost: bool = False

    async def watch(self, http: aiohttp.ClientSession, url: str, joined: asyncio.Event) -> None:
        """Read the stream for ever; note the instant of each new count."""
        try:
            async with http.get(url) as answer:
                assert answer.status == 200, answer.status
                async for line in answer.content:
                    if line.startswith(b"data:"):
                        count = json.loads(line[5:])["stats"]["pledgeCount"]
                        self.seen.append((time.time(), count))
                        joined.set()
        except (aiohttp.ClientError, AssertionError):
            pass
        self.is_lost = True
        joined.set()


async def _main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    watchers = [Watcher() for _ in range(count)]
    limits = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=limits
    ) as http:
        tasks: list[asyncio.Task[None]] = []
        for at in range(0, count, AT_A_TIME):
            joined = [asyncio.Event() for _ in watchers[at : at + AT_A_TIME]]
            tasks += [
                asyncio.create_task(watcher.watch(http, url, each))
                for watcher, each in zip(watchers[at : at + AT_A_TIME], joined, strict=True)
            ]
            await asyncio.gather(*(each.wait() for each in joined))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        lost = sum(each.is_lost for each in watchers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    said = {"lost": lost, "watchers": [each.seen for each in watchers]}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    asyncio.run(_main())
