"""What is written for readers: a promise on every public function, comments that are sentences."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.tidy.source import Source, assert_notices, assert_tidy, findings, parsed, python_files
from tests.tidy.test_layers import RULES, SERVICES, room_of

LINTER = re.compile(r"(noqa|type:|pragma|!)")
ENDS = (".", ":", "?", "…")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
Block = list[tokenize.TokenInfo]


def promises(source: Source) -> Iterator[str]:
    """A public function of handlers, rules, contracts and the chassis says what it does."""
    if not _is_promising(source):
        return
    for holder in ast.walk(source.tree):
        if isinstance(holder, ast.Module | ast.ClassDef):
            for node in holder.body:
                if isinstance(node, FUNCTION) and _must_promise(node):
                    yield source.at(node, f"{node.name} has no docstring")


def _must_promise(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    is_overload = any(ast.unparse(each) == "overload" for each in node.decorator_list)
    return not (node.name.startswith("_") or is_overload or ast.get_docstring(node))


def _is_promising(source: Source) -> bool:
    _, service, *inside = [*source.module.split("."), "", ""][:3]
    if service not in SERVICES or not any(inside):
        return source.path.startswith(("contracts/", "services/chassis/"))
    room, rank = room_of(service, source.module)
    return room == "handlers" or rank == RULES


def sentences(source: Source) -> Iterator[str]:
    """A comment begins like a sentence and ends like one: a banner does neither."""
    for block in blocks(source):
        text = " ".join(each.string.lstrip("# ").strip() for each in block)
        text = re.split(r"\s+#? ?(?:noqa|type:)", text)[0]
        if not text or LINTER.match(text):
            continue
        if text[0].islower() or not text.rstrip(")`\"'").endswith(ENDS):
            yield f"{source.path}:{block[0].start[0]}: no sentence: {text}"


def blocks(source: Source) -> Iterator[Block]:
    """Return comments, those that go on in the next line together."""
    lines = source.text.splitlines()
    block: Block = []
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        is_alone = lines[token.start[0] - 1].lstrip().startswith("#")
        below = (block[-1].start[0] + 1, block[-1].start[1]) if block else None
        if is_alone and token.start == below:
            block.append(token)
            continue
        if block:
            yield block
        block = [token]
    if block:
        yield block


OURS = python_files("contracts", "services", "deploy")


def test_public_functions_promise_something() -> None:
    assert_tidy(findings(promises, OURS), "Its first line says what it returns or does.")


def test_comments_are_sentences() -> None:
    assert_tidy(findings(sentences, OURS), "A comment says why, and a banner says nothing.")


def test_comments_of_several_lines_are_read_as_one() -> None:
    text = "# One\n# sentence.\nx = 1  # Another.\n    # A third\n"

    found = list(blocks(parsed("x.py", text)))

    assert [len(each) for each in found] == [2, 1, 1]


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            promises,
            "services/pledges/handlers/cancel_pledge.py",
            "async def cancel(conn): pass",
            "async def _cancel(conn): pass",
            id="a handler",
        ),
        pytest.param(
            promises,
            "services/checkout/taxes.py",
            "class Rates:\n    def find(self): pass",
            "class Rates:\n    def find(self):\n        '''Return the rate.'''",
            id="a rule's method",
        ),
        pytest.param(
            promises,
            "services/chassis/events/outbox.py",
            "def append(): pass",
            "class Row:\n    def __len__(self): pass",
            id="the chassis",
        ),
        pytest.param(
            sentences,
            "services/site/world.py",
            "# Loops of every process\nx = 1",
            "# Loops of every process: each\n# leads one.\nx = 1",
            id="a banner",
        ),
        pytest.param(
            sentences,
            "services/site/world.py",
            "x = 1  # the first.",
            "x = 1  # noqa: S105 - it is none.",
            id="small letters",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert_notices(rule, path, bad=bad, good=good)
