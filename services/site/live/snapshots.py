"""Live snapshots: encoded when something changes, handed out as bytes, pushed to readers."""

import asyncio
import hashlib
from datetime import UTC, datetime

import msgspec

from contracts.campaign import CampaignDefinition
from contracts.ids import CampaignSlug
from contracts.live import EffectiveState
from services.site.domain import Figures, effective_state, snapshot

SERVER_TIME = b'"serverTime":'


class Shown(msgspec.Struct, frozen=True):
    """A snapshot without its last field: the server's time is added when it is sent.

    `fresh` is the whole of it as of the moment it was made, for all who get it pushed then.
    """

    version: int
    state: EffectiveState
    head: bytes
    etag: str
    fresh: bytes

    def at(self, now: datetime) -> bytes:
        """Return the JSON document as of `now`."""
        clock = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self.head + b'"' + clock.encode() + b'"}'


class Reader:
    """Somebody who wants each newer snapshot. Only the newest waits: nobody falls behind."""

    def __init__(self) -> None:
        self.news = asyncio.Event()


class Board:
    """The newest snapshot of every campaign, and who is watching it."""

    def __init__(self, *, readers_max: int, per_address_max: int) -> None:
        self._shown: dict[CampaignSlug, Shown] = {}
        self._readers: dict[CampaignSlug, set[Reader]] = {}
        self._by_address: dict[str, int] = {}
        self._readers_max = readers_max
        self._per_address_max = per_address_max

    def show(self, definition: CampaignDefinition, figures: Figures, now: datetime) -> bool:
        """Encode what is known now; tell whether readers see anything new."""
        slug = definition.slug
        old = self._shown.get(slug)
        if old is not None and figures.version < old.version:
            return False
        raw = msgspec.json.encode(snapshot(definition, figures, now))
        head = raw[: raw.rindex(SERVER_TIME) + len(SERVER_TIME)]
        if old is not None and head == old.head:
            return False
        digest = hashlib.sha256(head).hexdigest()[:16]
        self._shown[slug] = Shown(
            version=figures.version,
            state=effective_state(definition, figures, now),
            head=head,
            etag=f'"{figures.version}-{digest}"',
            fresh=raw,
        )
        for reader in self._readers.get(slug, ()):
            reader.news.set()
        return True

    def get(self, slug: str) -> Shown | None:
        """Return the newest snapshot, None for an unknown campaign."""
        return self._shown.get(CampaignSlug(slug))

    def hide(self, slug: CampaignSlug) -> None:
        """Forget a campaign that is no longer public."""
        self._shown.pop(slug, None)

    def has_room(self, address: str) -> bool:
        """Tell whether one more may watch, in all and from that address."""
        is_full = self._by_address.get(address, 0) >= self._per_address_max
        return self.reader_count < self._readers_max and not is_full

    def join(self, slug: CampaignSlug, address: str) -> Reader:
        """Let somebody watch."""
        reader = Reader()
        self._by_address[address] = self._by_address.get(address, 0) + 1
        self._readers.setdefault(slug, set()).add(reader)
        return reader

    def leave(self, slug: CampaignSlug, address: str, reader: Reader) -> None:
        """Take somebody off the list."""
        readers = self._readers.get(slug, set())
        readers.discard(reader)
        if not readers:
            self._readers.pop(slug, None)
        left = self._by_address.get(address, 1) - 1
        if left > 0:
            self._by_address[address] = left
        else:
            self._by_address.pop(address, None)

    @property
    def reader_count(self) -> int:
        """Return how many are watching anything."""
        return sum(self._by_address.values())
