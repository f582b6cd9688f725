"""Changing fields of a front matter and nothing else: comments, order and spelling stay.

The text is cut into the lines of each field and each row. What is said as before keeps its
lines; what changed is written anew, as little of it as possible. Pure.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from services.site.publishing import emitting
from services.site.publishing.plain import Fields, Plain, composed, parts_of, plain, tidied

NAMES = ("id", "slug", "name", "label", "title")
"""By which a row is known again when something else in it changed."""
IS_SKIPPED = re.compile(r"\s*(#.*)?")


class Piece(msgspec.Struct, frozen=True):
    """A field or a row: the comments above it, and its own lines."""

    lead: list[str]
    body: list[str]


def rewrite(source: str, wanted: Fields) -> str:
    """Return a campaign file that says `wanted`. Raises `ValueError` without a front matter."""
    parts = parts_of(source)
    front = parts.front if parts.front.endswith("\n") or not parts.front else parts.front + "\n"
    node = composed(front)
    if _says(front) == tidied(wanted):
        return source
    changed = "".join(_record(front.splitlines(keepends=True), node, wanted))
    if _says(changed) != tidied(wanted):
        # An unusual spelling: what is said matters more than how it was laid out.
        changed = "".join(emitting.record(wanted, 0))
    return parts.with_front(changed)


def _says(front: str) -> Plain:
    node = composed(front)
    return tidied(plain(node)) if node is not None else {}


def _record(lines: list[str], node: Node | None, wanted: Fields) -> list[str]:
    """Return the lines of the whole front matter."""
    if not isinstance(node, MappingNode) or not _is_laid_out(node):
        return emitting.record(wanted, 0)
    return list(_fields(lines, node, wanted, 0, len(lines)))


def _fields(
    lines: list[str], node: MappingNode, wanted: Fields, first: int, last: int
) -> Iterator[str]:
    """Return the lines of a record from line `first` up to `last`."""
    column = int(node.value[0][0].start_mark.column)
    starts = [int(key.start_mark.line) for key, _ in node.value]
    pieces, tail = _cut(lines, starts, first, last, column)
    known = set()
    for (key, value), piece in zip(node.value, pieces, strict=True):
        name = str(key.value)
        known.add(name)
        yield from piece.lead
        if name not in wanted:
            continue
        if tidied(plain(value)) == tidied(wanted[name]):
            yield from piece.body
        else:
            yield from _entry(lines, piece, key, value, wanted[name])
    for name, new in wanted.items():
        if name not in known:
            # At the top a list begins after a line of air, as its author would write it.
            yield from ["\n"] if column == 0 and isinstance(new, list) else []
            yield from emitting.entry(name, new, column)
    yield from tail


def _entry(
    lines: list[str], piece: Piece, key: ScalarNode, value: Node, wanted: Plain
) -> list[str]:
    """Return the lines of a field whose value is another one."""
    column, start = int(key.start_mark.column), int(key.start_mark.line)
    last = start + len(piece.body)
    if isinstance(wanted, str) and "\n" not in wanted and _is_short(key, value):
        return [_spliced(lines[start], value, wanted), *piece.body[1:]]
    if isinstance(wanted, dict) and wanted and _is_nested(value, start):
        assert isinstance(value, MappingNode)
        return [lines[start], *_fields(lines, value, wanted, start + 1, last)]
    if isinstance(wanted, list) and wanted and _is_list(lines, value, start):
        assert isinstance(value, SequenceNode)
        return [lines[start], *_rows(lines, value, wanted, start + 1, last)]
    return emitting.entry(str(key.value), wanted, column)


def _rows(
    lines: list[str], node: SequenceNode, wanted: Sequence[Plain], first: int, last: int
) -> Iterator[str]:
    """Return the lines of a list: each row of before at its new place, or gone."""
    dash = _dash(lines, node.value[0])
    starts = [int(each.start_mark.line) for each in node.value]
    pieces, tail = _cut(lines, starts, first, last, dash)
    before = [plain(each) for each in node.value]
    for new, old in zip(wanted, _matched(before, wanted), strict=True):
        if old is None:
            yield from emitting.item(new, dash)
            continue
        piece, row = pieces[old], node.value[old]
        yield from piece.lead
        if tidied(before[old]) == tidied(new):
            yield from piece.body
        elif isinstance(new, dict) and new and isinstance(row, MappingNode) and _is_laid_out(row):
            yield from _row(lines, row, new, dash, starts[old] + len(piece.body))
        else:
            yield from emitting.item(new, dash)
    yield from tail


def _row(lines: list[str], row: MappingNode, wanted: Fields, dash: int, last: int) -> list[str]:
    """Return the lines of a changed row. Its dash moves to whatever comes first now."""
    start = int(row.start_mark.line)
    without = list(lines)
    without[start] = f"{lines[start][:dash]} {lines[start][dash + 1 :]}"
    changed = list(_fields(without, row, wanted, start, last))
    first = next(at for at, line in enumerate(changed) if not IS_SKIPPED.fullmatch(line.rstrip()))
    changed[first] = emitting.dashed(changed[first], dash)
    return changed


def _cut(
    lines: list[str], starts: list[int], first: int, last: int, column: int
) -> tuple[list[Piece], list[str]]:
    """Return the pieces that begin in these lines, and what is left after the last one.

    Air and comments below a piece, no further in than it, belong to the next.
    """
    pieces: list[Piece] = []
    lead = lines[first : starts[0]]
    for start, end in zip(starts, [*starts[1:], last], strict=True):
        stop = end
        while stop > start + 1 and _is_above(lines[stop - 1], column):
            stop -= 1
        pieces.append(Piece(lead, lines[start:stop]))
        lead = lines[stop:end]
    return pieces, lead


def _is_above(line: str, column: int) -> bool:
    """Tell whether a line says nothing itself, and stands no further in than `column`."""
    if not line.strip():
        return True
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= column


def _matched(before: Sequence[Plain], wanted: Sequence[Plain]) -> list[int | None]:
    """Return which row each wanted one was: the same, or of the same name, or at its place."""
    free = list(range(len(before)))
    found: list[int | None] = [None] * len(wanted)
    tests = (
        lambda at, old: tidied(wanted[at]) == tidied(before[old]),
        lambda at, old: _name(wanted[at]) != "" and _name(wanted[at]) == _name(before[old]),
        lambda at, old: at == old,
    )
    for is_same in tests:
        for at in range(len(wanted)):
            if found[at] is None:
                found[at] = next((old for old in free if is_same(at, old)), None)
                free = [old for old in free if old != found[at]]
    return found


def _name(row: Plain) -> str:
    if not isinstance(row, dict):
        return ""
    names = (row.get(name, "") for name in NAMES)
    return next((name for name in names if isinstance(name, str) and name), "")


def _spliced(line: str, value: Node, wanted: str) -> str:
    """Return a line with another value; a comment behind it stays."""
    start, end = int(value.start_mark.column), int(value.end_mark.column)
    return line[:start] + emitting.scalar(wanted) + line[end:]


def _is_short(key: Node, value: Node) -> bool:
    """Tell whether a value is written in its name's own line."""
    return (
        isinstance(value, ScalarNode)
        and value.style not in ("|", ">")
        and key.start_mark.line == value.start_mark.line == value.end_mark.line
        and value.end_mark.column > value.start_mark.column
    )


def _is_laid_out(node: MappingNode) -> bool:
    """Tell whether each name has a line of its own."""
    lines = [key.start_mark.line for key, _ in node.value]
    are_names = all(isinstance(key, ScalarNode) for key, _ in node.value)
    return not node.flow_style and are_names and bool(lines) and len(set(lines)) == len(lines)


def _is_nested(node: Node, start: int) -> bool:
    is_record = isinstance(node, MappingNode) and _is_laid_out(node)
    return is_record and node.value[0][0].start_mark.line > start


def _is_list(lines: list[str], node: Node, start: int) -> bool:
    """Tell whether each row begins with a dash in a line of its own."""
    if not isinstance(node, SequenceNode) or node.flow_style or not node.value:
        return False
    starts = [each.start_mark.line for each in node.value]
    return (
        starts[0] > start
        and len(set(starts)) == len(starts)
        and all(_dash(lines, each) >= 0 for each in node.value)
    )


def _dash(lines: list[str], row: Node) -> int:
    """Return the column of a row's dash; less than 0 when it has none before it."""
    match = re.fullmatch(r"( *)- +", lines[row.start_mark.line][: row.start_mark.column])
    return len(match[1]) if match else -1
