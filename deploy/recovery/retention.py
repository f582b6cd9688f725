"""Which backups are kept: of the last 7 days, 5 weeks and 12 months the newest each.

Source: reliability B-12. What holds no moment of its own any more may go; nothing here
removes it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

DAYS, WEEKS, MONTHS = 7, 5, 12
NAME = "%Y-%m-%dT%H%M%SZ"


def name_of(made_at: datetime) -> str:
    """Return how a backup of that moment, UTC, is named in a series."""
    return made_at.strftime(NAME)


def moment_of(name: str) -> datetime | None:
    """Return the moment a backup is named after; None for what is no backup of a series."""
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def kept(moments: Iterable[datetime]) -> set[datetime]:
    """Return the moments whose backups are kept. The newest of all always is."""
    newest_first = sorted(moments, reverse=True)
    return {
        *newest_first[:1],
        *_newest_of_each(newest_first, lambda at: at.date(), DAYS),
        *_newest_of_each(newest_first, lambda at: at.isocalendar()[:2], WEEKS),
        *_newest_of_each(newest_first, lambda at: (at.year, at.month), MONTHS),
    }


def unneeded(root: Path) -> list[Path]:
    """Return the backups of the series in a folder that nobody needs, the oldest first."""
    found = {at: each for each in root.iterdir() if (at := moment_of(each.name)) is not None}
    return [found[at] for at in sorted(set(found) - kept(found))]


def _newest_of_each(
    newest_first: list[datetime], period: Callable[[datetime], object], count: int
) -> list[datetime]:
    found: dict[object, datetime] = {}
    for at in newest_first:
        found.setdefault(period(at), at)
    return list(found.values())[:count]
