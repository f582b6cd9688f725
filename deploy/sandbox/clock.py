"""The sandbox's clock: real time plus an offset that can be moved, and ISO 8601 durations."""

import re
import time
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?!$)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?!$)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
# Postgres intervals and datetime arithmetic stay well inside this.
OFFSET_SECONDS_MAX = 100 * 366 * 86_400.0


class Clock:
    """Tells the platform's time. Signatures, back-off and holding times use real time instead."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> float:
        return time.time() + self.offset_seconds

    def now_seconds(self) -> int:
        return int(self.now())

    def move_to(self, instant: datetime) -> None:
        self.move_by(timedelta(seconds=instant.timestamp() - self.now()))

    def move_by(self, duration: timedelta) -> None:
        offset = self.offset_seconds + duration.total_seconds()
        if abs(offset) > OFFSET_SECONDS_MAX:
            raise ValueError("more than a hundred years away from real time")
        self.offset_seconds = offset

    def reset(self) -> None:
        self.offset_seconds = 0.0

    def shown(self) -> dict[str, str | float]:
        """Return what the clock says, in the shape the control API answers with."""
        now = datetime.fromtimestamp(self.now(), UTC)
        return {
            "now": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "offsetSeconds": round(self.offset_seconds, 3),
        }


def parse_duration(text: str) -> timedelta:
    """Return the duration `text` says, as `P30D` or `PT1H30M`.

    Months and years are refused: their length depends on where you start.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("must be an ISO 8601 duration such as P30D, PT1H or P1DT2H")
    parts = {name: float(match[name] or 0) for name in ("weeks", "days", "hours", "minutes")}
    try:
        duration = timedelta(seconds=float(match["seconds"] or 0), **parts)
    except OverflowError as exc:
        raise ValueError("is too long") from exc
    return -duration if match["sign"] == "-" else duration


def parse_instant(text: str) -> datetime:
    """Return the instant `text` says, as `2026-03-01T07:00:00Z`. It must name its zone."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise ValueError("must be an ISO 8601 instant such as 2026-03-01T07:00:00Z") from exc
    if instant.tzinfo is None:
        raise ValueError("must name its zone, as 2026-03-01T07:00:00Z does")
    return instant.astimezone(UTC)
