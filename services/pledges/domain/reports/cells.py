"""What stands in a cell: money, things and texts, none of which a spreadsheet would run."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.pricing import PricedLine

Row = tuple[str, ...]

# A cell that opens with one of these is a formula to a spreadsheet; so are the wide forms.
FORMULA_OPENS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CUSTOM = "Custom Support"


class Goods:
    """Countable things by name, and money given to something by its name."""

    def __init__(self, lines: Iterable[PricedLine], *, has_answers: bool = False) -> None:
        """Count lines of one kind; `has_answers` tells things apart by what was answered."""
        self.counts: Counter[str] = Counter()
        self.cents: Counter[str] = Counter()
        for line in lines:
            if line.kind in ("tier", "add_on"):
                self.counts[_name(line, has_answers=has_answers)] += line.quantity
            else:
                name = CUSTOM if line.kind == "custom_amount" else line.label
                self.cents[name] += line.total_cents

    def __bool__(self) -> bool:
        return bool(self.counts) or bool(self.cents)

    def told(self, sign: str = "") -> str:
        """Return everything by name: `Poster x2; Location scouting $14.50`."""
        return "; ".join((*_counted(self.counts, sign), *_given(self.cents, sign)))

    def told_since(self, before: "Goods") -> str:
        """Return what came (`+`) and what went (`-`) since `before`."""
        came, went = Counter(self.counts), Counter(before.counts)
        came.subtract(before.counts)
        went.subtract(self.counts)
        more, less = Counter(self.cents), Counter(before.cents)
        more.subtract(before.cents)
        less.subtract(self.cents)
        return "; ".join(
            (*_counted(came, "+"), *_counted(went, "-"), *_given(more, "+"), *_given(less, "-"))
        )


def rewards(lines: Iterable[PricedLine]) -> list[PricedLine]:
    """Return what was pledged for: everything but add-ons."""
    return [line for line in lines if line.kind != "add_on"]


def add_ons(lines: Iterable[PricedLine]) -> list[PricedLine]:
    """Return the products beside it."""
    return [line for line in lines if line.kind == "add_on"]


def dollars(cents: int) -> str:
    """Return cents as a spreadsheet reads them.

    >>> dollars(-5)
    '-0.05'
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole}.{rest:02}"


def instant(at: datetime) -> str:
    """Return a time as the product writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(words: str) -> str:
    """Return what somebody wrote so that no spreadsheet takes it for a formula.

    Source: OWASP, CSV injection; rules.md 17.1, defect 7.
    """
    return f"'{words}" if words.lstrip(" ").startswith(FORMULA_OPENS) else words


def address_told(address: Mapping[str, Any] | None) -> str:
    """Return an address on one line."""
    parts = (*("name", "address1", "address2", "city", "province", "postalCode", "country"),)
    said = [str((address or {}).get(part) or "").strip() for part in parts]
    return ", ".join(part for part in said if part)


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as RFC 4180 has them, in UTF-8."""
    page = io.StringIO(newline="")
    csv.writer(page).writerows(rows)
    return page.getvalue().encode("utf-8", "replace")


def _name(line: PricedLine, *, has_answers: bool) -> str:
    if not has_answers or not line.answers:
        return line.label
    answers = ", ".join(f"{question}: {said}" for question, said in line.answers.items())
    return f"{line.label} ({answers})"


def _counted(counts: Mapping[str, int], sign: str) -> list[str]:
    return [
        f"{sign}{name} x{count}" if count > 1 else f"{sign}{name}"
        for name, count in sorted(counts.items())
        if count > 0
    ]


def _given(cents: Mapping[str, int], sign: str) -> list[str]:
    return [f"{sign}{name} ${dollars(sum_)}" for name, sum_ in sorted(cents.items()) if sum_ > 0]
