"""What of a campaign's texts is told to others: the diary in short, and who gets reports."""

from collections.abc import Iterable

from contracts.events.campaigns import DiaryNote
from services.site.publishing.blocks import TextBlock
from services.site.publishing.markdown import to_text
from services.site.publishing.model import CampaignDocument, DiaryEntry

EXCERPT_LENGTH_MAX = 200


def diary_notes(entries: Iterable[DiaryEntry]) -> tuple[DiaryNote, ...]:
    """Return what supporters are told of each entry."""
    return tuple(
        DiaryNote(entry_id=entry.entry_id, title=entry.title, at=entry.at, excerpt=_excerpt(entry))
        for entry in entries
    )


def report_emails(document: CampaignDocument) -> tuple[str, ...]:
    """Return who is sent the campaign's reports; whoever is excluded is not."""
    excluded = {each.lower() for each in document.runner_report_excluded_emails}
    wanted = dict.fromkeys(each.lower() for each in document.runner_report_emails)
    return tuple(each for each in wanted if each not in excluded)


def report_excluded(document: CampaignDocument) -> tuple[str, ...]:
    """Return who wants none of the campaign's reports, though they run it."""
    return tuple(sorted({each.lower() for each in document.runner_report_excluded_emails}))


def _excerpt(entry: DiaryEntry) -> str:
    """Return the beginning of the text, without markup. Source: workflows, "Diary Update"."""
    texts = (to_text(block.body) for block in entry.blocks if isinstance(block, TextBlock))
    text = " ".join(each for each in texts if each)
    if len(text) <= EXCERPT_LENGTH_MAX:
        return text
    return text[:EXCERPT_LENGTH_MAX].rstrip() + "…"
