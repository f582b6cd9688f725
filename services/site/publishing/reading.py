"""Reading YAML so that every mistake is named with its line and field.

msgspec stops at the first fault and knows no lines, and YAML's own floats would round
money. So values are taken from the parsed nodes, as the text that was written.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, overload

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken

from services.site.publishing.model import Mistake

T = TypeVar("T")

FILE_BYTES_MAX = 256 * 1024
ITEMS_MAX = 100
NESTING_MAX = 20
NULL = "tag:yaml.org,2002:null"


class Sheet:
    """One file, and the mistakes found in it so far."""

    def __init__(self, file: str, *, first_line: int = 1) -> None:
        self.file = file
        self.first_line = first_line
        self.mistakes: list[Mistake] = []

    def wrong(self, line: int, field: str, message: str) -> None:
        """Note a mistake; `line` counts from 0 in the YAML part."""
        self.mistakes.append(
            Mistake(file=self.file, line=line + self.first_line, field=field, message=message)
        )


class Value:
    """A value in the file: its node, its path, and the sheet its mistakes go to."""

    __slots__ = ("node", "path", "sheet")

    def __init__(self, sheet: Sheet, path: str, node: Node) -> None:
        self.sheet = sheet
        self.path = path
        self.node = node

    @property
    def line(self) -> int:
        """Return the line in the YAML part, counted from 0."""
        return int(self.node.start_mark.line)

    @property
    def is_null(self) -> bool:
        """Tell whether nothing was written."""
        return isinstance(self.node, ScalarNode) and self.node.tag == NULL

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing or only blanks were written, quoted or not."""
        return isinstance(self.node, ScalarNode) and not str(self.node.value).strip()

    @property
    def kind(self) -> str:
        """Return the YAML type of a scalar, such as `int`, else an empty string."""
        return str(self.node.tag).rpartition(":")[2] if isinstance(self.node, ScalarNode) else ""

    def wrong(self, message: str, *, lines_down: int = 0) -> None:
        """Note that this value is wrong."""
        self.sheet.wrong(self.line + lines_down, self.path, message)

    def scalar(self) -> str:
        """Return the text as it was written. Raises `ValueError` for a list or a mapping."""
        if not isinstance(self.node, ScalarNode):
            raise ValueError("a single value is expected here")
        return str(self.node.value)

    def items(self, at_most: int = ITEMS_MAX) -> "list[Value]":
        """Return the members of a list. Raises `ValueError` when it is none, or too long."""
        if not isinstance(self.node, SequenceNode):
            raise ValueError("a list is expected here (lines that begin with “- ”)")
        if len(self.node.value) > at_most:
            raise ValueError(f"a list has at most {at_most} entries here")
        return [
            Value(self.sheet, f"{self.path}[{number}]", node)
            for number, node in enumerate(self.node.value)
        ]


@dataclasses.dataclass(frozen=True)
class Reader(Generic[T]):
    """How one kind of value is read, and what stands in for it when it is wrong.

    `read` raises `ValueError` with a sentence for the author. The stand-in lets the rest
    of the file be checked too; a file with a mistake is never used.
    """

    read: Callable[[Value], T]
    blank: T

    def of(self, value: Value) -> T:
        """Return the value, or the stand-in after noting what is wrong."""
        try:
            return self.read(value)
        except ValueError as exc:
            value.wrong(str(exc))
            return self.blank


class Record:
    """A mapping whose names are all known: what is not taken by `close` is a mistake."""

    def __init__(self, value: Value) -> None:
        if not isinstance(value.node, MappingNode):
            raise ValueError("names with values are expected here (“name: value”)")
        self._value = value
        self._open: dict[str, Value] = {}
        self.lines: dict[str, int] = {}
        for key, node in value.node.value:
            self._add(key, node)

    def _add(self, key: Node, node: Node) -> None:
        name = str(key.value) if isinstance(key, ScalarNode) else "?"
        path = f"{self._value.path}.{name}" if self._value.path else name
        line = int(key.start_mark.line)
        if name in self.lines:
            first = self.lines[name] + self._value.sheet.first_line
            self._value.sheet.wrong(line, path, f"written twice, first in line {first}")
            return
        self.lines[name] = line
        self._open[name] = Value(self._value.sheet, path, node)

    def __contains__(self, name: str) -> bool:
        return name in self._open and not self._open[name].is_null

    def take(self, name: str, reader: Reader[T]) -> T:
        """Return a value that must be there."""
        value = self._open.pop(name, None)
        if value is None or value.is_null:
            self.wrong(name, "is missing")
            return reader.blank
        return reader.of(value)

    @overload
    def get(self, name: str, reader: Reader[T], default: T) -> T: ...
    @overload
    def get(self, name: str, reader: Reader[T], default: None) -> T | None: ...
    def get(self, name: str, reader: Reader[T], default: T | None) -> T | None:
        """Return a value that may be absent. Nothing after the colon, or "", means absent."""
        value = self._open.pop(name, None)
        is_absent = value is None or value.is_null or value.is_blank
        return default if value is None or is_absent else reader.of(value)

    def skip(self, names: Iterable[str]) -> None:
        """Accept names that have no meaning here."""
        for name in names:
            self._open.pop(name, None)

    def wrong(self, name: str, message: str) -> None:
        """Note a mistake at `name`, or at the record where it is absent."""
        path = f"{self._value.path}.{name}" if self._value.path else name
        self._value.sheet.wrong(self.lines.get(name, self._value.line), path, message)

    def close(self) -> None:
        """Note every name that nobody asked for."""
        for name, value in self._open.items():
            self._value.sheet.wrong(self.lines[name], value.path, "is not a field known here")
        self._open.clear()


def record(read: Callable[[Record], T], blank: T) -> Reader[T]:
    """Return a reader of mappings; whatever `read` leaves untaken is a mistake."""

    def of_value(value: Value) -> T:
        fields = Record(value)
        result = read(fields)
        fields.close()
        return result

    return Reader(of_value, blank)


def several(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of lists."""
    return Reader(lambda value: tuple(reader.of(each) for each in value.items()), ())


def unique(
    reader: Reader[T], key: Callable[[T], str], *, at_most: int = ITEMS_MAX, field: str = ".id"
) -> Reader[tuple[T, ...]]:
    """Return a reader of lists whose entries differ by `key`, which is their `field`."""

    def read(value: Value) -> tuple[T, ...]:
        nodes = value.items(at_most)
        entries = tuple(reader.of(each) for each in nodes)
        seen: set[str] = set()
        for node, entry in zip(nodes, entries, strict=True):
            name = key(entry)
            if name and name in seen:
                value.sheet.wrong(node.line, f"{node.path}{field}", f"uses “{name}” twice")
            seen.add(name)
        return entries

    return Reader(read, ())


def parse(text: str, sheet: Sheet) -> Value | None:
    """Return the document's value, or None after noting why it is not YAML we take."""
    if len(text.encode()) > FILE_BYTES_MAX:
        sheet.wrong(0, "", f"the file is larger than {FILE_BYTES_MAX // 1024} KiB")
        return None
    try:
        if not _is_plain(text, sheet):
            return None
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        sheet.wrong(mark.line if mark else 0, "", f"not valid YAML: {exc.problem or exc.context}")
        return None
    except (YAMLError, RecursionError, ValueError) as exc:
        sheet.wrong(0, "", f"not valid YAML: {str(exc).splitlines()[0][:200]}")
        return None
    return None if node is None else Value(sheet, "", node)


def _is_plain(text: str, sheet: Sheet) -> bool:
    """Refuse anchors, aliases and tags (they can expand without bound), and deep nesting."""
    depth = 0
    for token in YAML(typ="safe", pure=True).scan(text):
        if isinstance(token, AnchorToken | AliasToken | TagToken):
            line = token.start_mark.line
            sheet.wrong(line, "", "anchors, aliases and tags (& * !) are not taken; quote the text")
            return False
        name = type(token).__name__
        depth += name.endswith("StartToken") - name.endswith("EndToken")
        if depth > NESTING_MAX:
            sheet.wrong(token.start_mark.line, "", "nested too deeply")
            return False
    return True
