"""What every event has."""

from datetime import datetime

import msgspec

from contracts.ids import EventId


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A fact in the past tense. It carries what its listeners need, so none calls back.

    `event_id` is in the body as well as in the headers: whatever a redelivery, replay
    or copy does to the envelope, the fact can be recognised as the same one.
    """

    event_id: EventId
    occurred_at: datetime
