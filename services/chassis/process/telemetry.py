"""Logs, metrics and the correlation id that ties a request to all it caused.

Logs are JSON lines on stdout. They carry ids, never bodies, cookies, queries, tokens
or addresses: what is not logged cannot leak.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from uuid_utils import uuid7

from services.chassis.process.log_output import LogOutput

correlation: ContextVar[str] = ContextVar("correlation", default="")
causation: ContextVar[str] = ContextVar("causation", default="")
# Where several events are applied by one call: the correlation of each, by its id.
correlations: ContextVar[Mapping[str, str]] = ContextVar("correlations", default={})  # noqa: B039

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_OWN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_FORBIDDEN = re.compile(
    r"authorization|cookie|stripe-signature|token|secret|password|^t$|^code$|^card|email", re.I
)
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9])[A-Za-z0-9.-]*")
# What an error's own words may repeat: passwords in addresses, links, keys of vendors.
_SECRETS = (
    (re.compile(r"://[^/\s@]*@"), "://***@"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*"), "[token]"),
    (re.compile(r"\b(?:(?:sk|rk|pk)_(?:test|live)|whsec|re)_[A-Za-z0-9_]{12,}"), "[secret]"),
    (re.compile(r"\b[a-z]+_\w+_secret_[\w%]{6,}"), "[secret]"),
)
_LONG_NUMBER = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")

REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "http_request_seconds",
    "Time to answer a request, by route.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OUTBOX_PUBLISHED = Counter("outbox_published", "Events acked by the bus.", registry=REGISTRY)
OUTBOX_OLDEST = Gauge(
    "outbox_oldest_seconds", "Age of the oldest event not yet published.", registry=REGISTRY
)
OUTBOX_TOO_LARGE = Gauge(
    "outbox_too_large", "Events the bus will never take, for their size.", registry=REGISTRY
)
INBOX = Counter(
    "inbox_events",
    "Deliveries by what became of them: applied, duplicate, retried, early, parked.",
    ("consumer", "outcome"),
    registry=REGISTRY,
)
INBOX_SECONDS = Histogram(
    "inbox_batch_seconds",
    "Time to apply a batch of events, from its transaction's begin to its end.",
    ("consumer",),
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
INBOX_EARLY = Gauge(
    "inbox_early_oldest_seconds",
    "How long the oldest event has waited that came before what it needs.",
    ("consumer",),
    registry=REGISTRY,
)
READY = Gauge(
    "process_ready", "1 when the last look found tables and database in order.", registry=REGISTRY
)
DEGRADED = Gauge(
    "process_degraded", "1 for each part that is away or wrong.", ("part",), registry=REGISTRY
)
LOGS_DROPPED = Counter("log_lines_dropped", "Lines nobody was there to read.", registry=REGISTRY)
LOOP_FAILURES = Counter(
    "loop_failures", "Rounds of a background loop that failed.", ("loop",), registry=REGISTRY
)


class WholeLines(msgspec.Struct):
    """Where lines go that are written as a whole, past the logger; nowhere without logs."""

    service: str = ""
    output: LogOutput | None = None


whole_lines = WholeLines()


def new_id() -> str:
    """Return a UUIDv7: unique, and sorted by the time it was made."""
    return str(uuid7())


def correlation_or_new(given: str | None) -> str:
    """Return the caller's request id if it is one, else a new one, and remember it."""
    value = given if given and REQUEST_ID.fullmatch(given) else new_id()
    correlation.set(value)
    return value


def configure_logs(service: str, level: str) -> None:
    """Send every log line of this process through one JSON renderer."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _name_service(service),
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = LogOutput(LOGS_DROPPED)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dump),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    whole_lines.service = service
    whole_lines.output = handler if logging.getLogger().isEnabledFor(logging.INFO) else None
    # The SDKs' own debug lines hold request bodies; the servers' repeat ours.
    for noisy in ("stripe", "nats", "httpx", "httpcore", "asyncio", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    """Return the logger of a module."""
    return structlog.stdlib.get_logger(name)


_OURS = frozenset({"level", "logger", "route", "service", "timestamp"})
"""What is written by us alone: to search it for secrets was a tenth of what a page view costs."""


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what must not be read: secret-looking names, addresses, card-like numbers."""
    for key, value in event.items():
        if key in _OURS:
            continue
        if key == "request_id":
            event[key] = shown_id(str(value))
            continue
        if _FORBIDDEN.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = mask_text(value)
    return event


def mask_text(text: str) -> str:
    """Return `text` with secrets, e-mail addresses and card-like numbers hidden, on one line."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    hidden = _LONG_NUMBER.sub("[number]", _EMAIL.sub(r"\1***@\2***", text))
    return hidden.replace("\r", "\\r")


def shown_id(request_id: str) -> str:
    """Return a request's id as a log may show it.

    The figures of an id of ours can look like a card's number; it is none, and hiding them
    would cut the thread that ties the lines of a request together.
    """
    return request_id if _OWN_ID.fullmatch(request_id) else mask_text(request_id)


def _name_service(service: str) -> Any:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        if request_id := correlation.get():
            event.setdefault("request_id", request_id)
        return event

    return add


def _dump(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
