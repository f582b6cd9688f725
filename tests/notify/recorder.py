"""Plays Resend for one test: answers as told, remembers what was asked."""

import asyncio
from typing import Any

import msgspec
from aiohttp import web


class Request(msgspec.Struct, frozen=True):
    """One request as it arrived."""

    key: str
    authorization: str
    body: Any


class Recorder:
    """A server on a free port. `answers` are used up in order, then every mail is taken."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]] | str] = []
        self.url = ""
        self.was_asked = asyncio.Event()
        self.is_open = asyncio.Event()
        self.is_open.set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/emails", self._take)
        app.router.add_post("/emails/batch", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening, whoever still waits."""
        self.is_open.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def keys(self) -> list[str]:
        """Return the idempotency keys in the order they came."""
        return [request.key for request in self.requests]

    def refuse(self, status: int, name: str, **headers: str) -> None:
        """Answer the next request with this error."""
        body = {"statusCode": status, "name": name, "message": "as told"}
        self.answers.append((status, body, headers))

    def answer(self, body: dict[str, Any]) -> None:
        """Answer the next request with this."""
        self.answers.append((200, body, {}))

    @property
    def people(self) -> list[str]:
        """Return to whom batches went, in the order they came."""
        batches = [request.body for request in self.requests if isinstance(request.body, list)]
        return [mail["to"][0] for batch in batches for mail in batch]

    def hang_up(self) -> None:
        """Close the connection of the next request without an answer."""
        self.answers.append("hang up")

    def open_for_others(self) -> asyncio.Event:
        """Answer from now on; who waits already waits for what is returned."""
        held, self.is_open = self.is_open, asyncio.Event()
        self.is_open.set()
        return held

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(
            Request(
                key=request.headers.get("Idempotency-Key", ""),
                authorization=request.headers["Authorization"],
                body=await request.json(),
            )
        )
        taken: dict[str, Any] = {"id": f"re-{len(self.requests)}"}
        if request.path == "/emails/batch":
            count = len(self.requests[-1].body)
            taken = {"data": [{"id": f"re-{len(self.requests)}-{n}"} for n in range(count)]}
        answer = self.answers.pop(0) if self.answers else (200, taken, {})
        self.was_asked.set()
        await self.is_open.wait()
        if isinstance(answer, str):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        status, body, headers = answer
        return web.json_response(body, status=status, headers=headers)
