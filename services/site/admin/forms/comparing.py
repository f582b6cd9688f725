"""Two texts side by side, as a screen shows them: what one has and the other has not. Pure."""

import difflib
from typing import Literal

import msgspec

AROUND = 3
LINES_MAX = 2_000


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A line of each text. `gap` stands for lines that are the same and not shown."""

    kind: Literal["same", "changed", "gone", "new", "gap"]
    left: str = ""
    right: str = ""


def compared(left: str, right: str) -> tuple[Pair, ...]:
    """Return the lines that differ, with a few around them; none when the texts are the same."""
    one, other = left.splitlines(), right.splitlines()
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    pairs: list[Pair] = []
    for number, group in enumerate(matcher.get_grouped_opcodes(AROUND)):
        pairs += [Pair(kind="gap")] if number else []
        for kind, a, b, c, d in group:
            pairs += _pairs(kind, one[a:b], other[c:d])
    return tuple(pairs[:LINES_MAX])


def _pairs(kind: str, left: list[str], right: list[str]) -> list[Pair]:
    if kind == "equal":
        return [Pair(kind="same", left=line, right=line) for line in left]
    both = min(len(left), len(right))
    return [
        *(Pair(kind="changed", left=left[at], right=right[at]) for at in range(both)),
        *(Pair(kind="gone", left=line) for line in left[both:]),
        *(Pair(kind="new", right=line) for line in right[both:]),
    ]
