"""Answers that never come: the `timeout_rate` fault at the level of the connection."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HOLD_SECONDS_MAX = 60
_TRANSPORT = "sandbox.transport"
_SILENT = "sandbox.silent"


class SandboxProtocol(HttpToolsProtocol):
    """uvicorn's protocol that also hands its connection to the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[_TRANSPORT] = self.transport  # type: ignore[literal-required]


def fall_silent(scope: Any) -> None:
    """Mark a request whose work is done and whose answer must not leave."""
    scope[_SILENT] = True


class SilenceMiddleware:
    """Holds a silent request's connection open, then closes it without a byte."""

    def __init__(self, app: Any, stopping: asyncio.Event) -> None:
        self._app = app
        self.stopping = stopping

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_unless_silent(message: Any) -> None:
            if not scope.get(_SILENT):
                await send(message)

        await self._app(scope, receive, send_unless_silent)
        if not scope.get(_SILENT):
            return
        waiting = {
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(self.stopping.wait()),
        }
        await asyncio.wait(waiting, timeout=HOLD_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        if (transport := scope.get(_TRANSPORT)) is not None:
            transport.abort()
            # The server learns of the abort in the next turn of the loop; before that it would
            # answer 500 in our place.
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
