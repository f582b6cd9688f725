"""Reading the production diary. Source: product rules 1.2."""

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from services.site.publishing.block_fields import BODY_LENGTH_MAX, story
from services.site.publishing.blocks import AnyBlock, TextBlock
from services.site.publishing.model import PHASES, DiaryEntry, Phase
from services.site.publishing.reading import Reader, Record, record, several
from services.site.publishing.scalars import choice, instant, required_text, rich_text, slug

LABEL = required_text(160)
OLD_PHASES: dict[str, Phase] = {"launch": "fundraising", "fulfillment": "distribution"}
NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
NO_ENTRY = DiaryEntry(entry_id="", title="", at=NO_DAY)


def diary(zone: ZoneInfo) -> Reader[tuple[DiaryEntry, ...]]:
    """Return a reader of the diary, dated in `zone`."""
    return several(record(lambda fields: _diary_entry(fields, zone), NO_ENTRY))


def with_ids(entries: tuple[DiaryEntry, ...]) -> tuple[DiaryEntry, ...]:
    """Return the entries with an id each: its own, or one made of its title, unlike all others."""
    taken = {entry.entry_id for entry in entries if entry.entry_id}
    named: list[DiaryEntry] = []
    for entry in entries:
        entry_id = entry.entry_id
        if not entry_id:
            stem = id_of_title(entry.title)
            number = 1
            entry_id = stem
            while entry_id in taken:
                number += 1
                entry_id = f"{stem}-{number}"
            taken.add(entry_id)
        named.append(msgspec.structs.replace(entry, entry_id=entry_id))
    return tuple(named)


def id_of_title(title: str) -> str:
    """Return a title as a name for addresses: “Día uno!” becomes `dia-uno`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:80].strip("-") or "entry"


def _diary_entry(fields: Record, zone: ZoneInfo) -> DiaryEntry:
    at = fields.take("date", instant(zone))
    title = fields.take("title", LABEL)
    blocks: tuple[AnyBlock, ...] = fields.get("content", story, ())
    body = fields.get("body", rich_text(BODY_LENGTH_MAX), "")
    return DiaryEntry(
        entry_id=fields.get("id", slug, ""),
        title=title,
        at=at[0] if at else NO_DAY,
        has_time=at[1] if at else False,
        phase=fields.get("phase", choice(PHASES, also=OLD_PHASES), "fundraising"),
        blocks=blocks or ((TextBlock(body=body),) if body else ()),
    )
