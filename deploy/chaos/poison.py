"""What must never stop a stream: twenty kinds of messages that no listener can read."""

import gzip
import json
import os
from dataclasses import dataclass, field

import nats

from contracts.streams import CONSUMERS, Consumer
from contracts.subjects import subject, tag

KEY = "poison"
NEARLY_TOO_LARGE = 200_000


@dataclass(frozen=True)
class Poison:
    """One kind: its bytes, and what its envelope says."""

    kind: str
    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)


def kinds(event_type: str) -> tuple[Poison, ...]:
    """Return every kind, as something that claims to be an event of that type."""
    whole = {"type": event_type, "event_id": "x", "occurred_at": "2026-01-01T00:00:00Z"}
    text = json.dumps(whole).encode()
    return (
        Poison("nothing", b""),
        Poison("one brace", b"{"),
        Poison("cut in the middle", text[: len(text) // 2]),
        Poison("a list", b"[]"),
        Poison("null", b"null"),
        Poison("a number", b"7"),
        Poison("a text", b'"pledge"'),
        Poison("no UTF-8", b"\xff\xfe\xfa"),
        Poison("zero bytes", b"\x00" * 64),
        Poison("a hundred thousand brackets", b"[" * 100_000),
        Poison("compressed", gzip.compress(text)),
        Poison("chance", os.urandom(512)),
        Poison("200 kB of one letter", b'{"type":"' + b"a" * NEARLY_TOO_LARGE + b'"}'),
        Poison("an unknown type", text.replace(event_type.encode(), b"pledges.from_the_future")),
        Poison("no type", b'{"event_id":"x"}'),
        Poison("no facts", text),
        Poison("facts of the wrong kind", json.dumps({name: [1] for name in whole}).encode()),
        Poison("a lone surrogate", b'{"type":"\\ud800"}'),
        Poison("infinity", b'{"type":1e400}'),
        Poison("an odd envelope", b"{}", {"Pool-Aggregate-Version": "9" * 40, "Odd": "a\x00b"}),
    )


def aimed() -> dict[str, tuple[Consumer, ...]]:
    """Return subjects by which every durable is hit, and who hears each."""
    found: dict[str, tuple[Consumer, ...]] = {}
    for each in CONSUMERS:
        event = each.events[0]
        heard_by = tuple(other for other in CONSUMERS if event in other.events)
        found[subject(event, KEY)] = heard_by
    return found


async def spread(nats_url: str, heading: str, poison: Poison) -> None:
    """Put one kind on the bus, with the operator's account."""
    client = await nats.connect(nats_url.split(","))
    try:
        await client.jetstream().publish(heading, poison.payload, headers=poison.headers or None)
    finally:
        await client.close()


def type_on(heading: str) -> str:
    """Return the type of the events that go out under a subject."""
    return next(
        tag(event) for each in CONSUMERS for event in each.events if subject(event, KEY) == heading
    )
