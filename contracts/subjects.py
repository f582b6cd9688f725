"""Subjects: nobody else writes one as a string.

Subject = the event's tag and a key that routes it (a campaign's slug, an order's id).
"""

from contracts.events.base import Event

SNAPSHOT_CHANGED = "site.snapshot_changed"
"""Told to every process of site; kept by nobody."""

BROADCASTS = {"site": (SNAPSHOT_CHANGED,)}
"""What a service tells its own processes outside the streams, each followed by one key."""

QUOTE = "checkout.quote"
"""Asked by the ledger, answered by one process of checkout; no stream keeps it."""

REQUESTS = {QUOTE: ("pledges", "checkout")}
"""Who asks whom outside the streams: the only questions between services."""


def subject(event_type: type[Event], key: str) -> str:
    """Return where an event of this type about `key` is published."""
    return f"{tag(event_type)}.{key}"


def pattern(event_type: type[Event]) -> str:
    """Return the filter that matches every event of this type."""
    return f"{tag(event_type)}.*"


def tag(event_type: type[Event]) -> str:
    """Return the type's name on the wire, such as `pledges.created`."""
    value = event_type.__struct_config__.tag
    assert isinstance(value, str), f"{event_type.__name__} has no tag"
    return value
