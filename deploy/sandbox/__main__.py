"""`python -m deploy.sandbox`: one process that serves until SIGTERM."""

import asyncio
import json
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from deploy.sandbox import app as application
from deploy.sandbox import settings as configuration
from deploy.sandbox.transport import SandboxProtocol

DRAIN_SECONDS_MAX = 5
_FIELDS = ("event", "why")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "service": "sandbox",
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in _FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Server(uvicorn.Server):
    """uvicorn's server, which lets go of held answers before it waits for the rest."""

    stopping: asyncio.Event

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal and exit 0: uvicorn's own version raises the signal once more."""
        previous = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self.stopping.set()
        await super().shutdown(sockets)  # type: ignore[arg-type]


def main() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    settings = configuration.load()
    app = application.build(settings)
    config = uvicorn.Config(
        app,
        host=settings.listen_host,
        port=settings.listen_port,
        http=SandboxProtocol,
        ws="none",
        loop="uvloop",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=DRAIN_SECONDS_MAX,
        timeout_keep_alive=75,
    )
    server = Server(config)
    server.stopping = app.stopping
    server.run()


if __name__ == "__main__":
    main()
