"""The spans of what is said and heard: named as OpenTelemetry names them for any bus.

Its words for messaging are not settled yet, so they stand here alone.
"""

import contextlib
from collections.abc import Mapping

from services.chassis.events import parked
from services.chassis.process import tracing

Span = contextlib.AbstractContextManager[object]


def publishing(subject: str, event_id: str, headers: Mapping[str, str]) -> Span:
    """Return the span of a publication: of the trace whose fact it tells, however late."""
    name = headers.get("Pool-Type", subject)
    return tracing.span(
        f"publish {name}",
        "producer",
        came_with=headers,
        messaging__system="nats",
        messaging__operation__name="publish",
        messaging__destination__name=name,
        messaging__message__id=event_id,
        request_id=headers.get("Pool-Correlation", ""),
    )


def processing(durable: str, letter: parked.Letter, *, events: int = 1) -> Span:
    """Return the span of applying a message: of the trace it came with, if it came just once.

    `events` are applied by one call, where several traces meet: it is the first one's.
    """
    name = letter.headers.get("Pool-Type", letter.subject)
    return tracing.span(
        f"process {name}",
        "consumer",
        came_with=letter.headers,
        is_repeated=letter.deliveries > 1,
        messaging__system="nats",
        messaging__operation__name="process",
        messaging__destination__name=name,
        messaging__consumer__group__name=durable,
        messaging__message__id=letter.event_id,
        messaging__batch__message_count=events,
        request_id=letter.headers.get("Pool-Correlation", ""),
    )
