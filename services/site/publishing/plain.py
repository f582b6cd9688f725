"""A campaign file as text in three parts, and its front matter as plain texts, lists and records.

Every scalar is the text that was written: no number or date is made of it, so that nothing
that is only carried through an editor changes its spelling. Pure.
"""

import re
from collections.abc import Mapping

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Plain = str | list["Plain"] | dict[str, "Plain"]
Fields = dict[str, Plain]

FENCE = re.compile(r"\A---[ \t]*\n(.*?)(?:^---[ \t]*(?:\n|\Z)|^\.\.\.[ \t]*(?:\n|\Z))", re.S | re.M)
NULL = "tag:yaml.org,2002:null"


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """A file's front matter, and what stands before and after it, byte for byte."""

    before: str
    front: str
    after: str

    def with_front(self, front: str) -> str:
        """Return the file with another front matter."""
        return self.before + front + self.after


def parts_of(source: str) -> Parts:
    """Return the parts of a file. Raises `ValueError` for one without a front matter."""
    match = FENCE.match(source)
    if match is None:
        raise ValueError("has no front matter between two lines of three dashes")
    return Parts(before=source[: match.start(1)], front=match[1], after=source[match.end(1) :])


def composed(front: str) -> Node | None:
    """Return the front matter as nodes that know their places."""
    node: Node | None = YAML(typ="safe", pure=True).compose(front)
    return node


def plain(node: Node) -> Plain:
    """Return what a node says. Nothing after a colon is an empty text."""
    if isinstance(node, MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [plain(each) for each in node.value]
    is_null = isinstance(node, ScalarNode) and node.tag == NULL
    return "" if is_null else str(node.value)


def fields_of(source: str) -> Fields:
    """Return the fields of a file; none of one that is no record."""
    node = composed(parts_of(source).front)
    found = plain(node) if node is not None else {}
    return found if isinstance(found, dict) else {}


def text(fields: Mapping[str, Plain], name: str) -> str:
    """Return a field that is a text; empty when it is absent or something else."""
    found = fields.get(name, "")
    return found if isinstance(found, str) else ""


def rows(fields: Mapping[str, Plain], name: str) -> list[Plain]:
    """Return a field that is a list; empty when it is absent or something else."""
    found = fields.get(name, [])
    return found if isinstance(found, list) else []


def tidied(value: Plain) -> Plain:
    """Return a value without what readers strip, so that equal values compare as equal."""
    if isinstance(value, dict):
        return {name: tidied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [tidied(each) for each in value]
    lines = value.replace("\r\n", "\n").strip().split("\n")
    return "\n".join(line.rstrip() for line in lines)
