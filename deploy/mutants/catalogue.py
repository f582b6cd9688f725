"""The mutants as data: what each breaks, where, and which tests must notice. Pure but for reading.

A patch is the exact text before and after. It must fit exactly once, so a mutant whose code
was rewritten fails loudly instead of proving nothing.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from deploy.local.layout import ROOT

FAULTS = Path(__file__).with_name("faults")

Text = Annotated[str, msgspec.Meta(min_length=1)]


class DoesNotFit(Exception):
    """A patch's text is not in its file exactly once."""


class Patch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One replacement in one file, to the letter."""

    file: Text
    before: Text
    after: str


class Mutant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. Every test in `noticed_by` must fail with it, by an assertion of its own."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    says: Text
    patches: Annotated[tuple[Patch, ...], msgspec.Meta(min_length=1)]
    noticed_by: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mutant: tuple[Mutant, ...]


def mutants(folder: Path = FAULTS) -> tuple[Mutant, ...]:
    """Return all mutants, file by file, as they are written there."""
    found = [
        each
        for path in sorted(folder.glob("*.toml"))
        for each in msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File).mutant
    ]
    names = [each.name for each in found]
    assert len(set(names)) == len(names), "two mutants have one name"
    return tuple(found)


def tests_of(chosen: Sequence[Mutant]) -> list[str]:
    """Return the tests that these mutants name, each once."""
    return sorted({test for each in chosen for test in each.noticed_by})


def patched(text: str, patch: Patch) -> str:
    """Return a file's text with the fault in it; raises `DoesNotFit`."""
    times = text.count(patch.before)
    if times != 1:
        raise DoesNotFit(f"{patch.file}: the text before the patch is there {times} times")
    if patch.after == patch.before:
        raise DoesNotFit(f"{patch.file}: the patch changes nothing")
    return text.replace(patch.before, patch.after)


def apply(mutant: Mutant, tree: Path = ROOT) -> dict[Path, str]:
    """Return the files of a tree that the fault changes, as they become. Writes nothing."""
    changed: dict[Path, str] = {}
    for patch in mutant.patches:
        path = tree / patch.file
        before = changed.get(path)
        text = path.read_text("utf-8") if before is None else before
        changed[path] = patched(text, patch)
    return changed
