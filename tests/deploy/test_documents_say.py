"""What the pages tell a reader to type is what the programs take."""

import subprocess
from functools import cache
from importlib.util import find_spec

import pytest

from deploy.local.layout import ROOT
from deploy.reference import commands, documents, settings

HERE = "tests/deploy/test_documents_say.py"
TEXTS = {str(page): (ROOT / page).read_text(encoding="utf-8") for page in documents.pages()}
# What stands for a name to be put there, and what a command's help calls its argument.
STANDS_FOR_ONE = {"NAME_FILE", "DISPUTE_ID"}
# Pages that name what there was.
OF_WHAT_WAS = {"docs/house.md", "CHANGELOG.md"}


@cache
def words_of_the_code() -> set[str]:
    """Return every name in capitals that a file of ours has which is no page, nor this one."""
    listed = subprocess.run(
        ["git", "grep", "-hoIE", r"\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b", "--", ":!*.md", f":!{HERE}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


def nobody_reads(text: str) -> list[str]:
    known = words_of_the_code() | set(settings.readers())
    named = settings.named(text) - STANDS_FOR_ONE
    return sorted(name for name in named if name.removesuffix("_FILE") not in known)


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - OF_WHAT_WAS))
def test_every_setting_of_a_page_is_read_by_something(page: str) -> None:
    assert nobody_reads(TEXTS[page]) == []


def test_a_setting_that_nobody_reads_is_found() -> None:
    text = """`SITE_BAES`, `STRIPE_SECRET_KEY_FILE`, THIS_ONE is prose, `THIRD_PARTY.md` a file.

```sh
RESEND_API_KYE=re_1 ./pool up
```
"""

    assert nobody_reads(text) == ["RESEND_API_KYE", "SITE_BAES"]


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_of_a_page_exists(page: str) -> None:
    assert list(commands.unknown(TEXTS[page])) == []


def test_every_module_that_is_told_to_be_run_exists() -> None:
    told = {name: page for page, text in TEXTS.items() for name in commands.modules(text)}

    assert {"deploy.kubernetes.check", "deploy.reference"} <= set(told)
    assert [(name, page) for name, page in told.items() if find_spec(name) is None] == []


def test_a_command_that_is_not_one_is_found() -> None:
    text = """`./pool up --port N --data DIR`, `./pool COMMAND --help`, `./pool mutants [NAME…]`,
`./pool downn`, `./pool up --prot 1`, `./pool campaigns chek films/`; ./pool prose is not code.

```sh
./pool status --wtach     # not an option
cd there && ./pool down here now
./pool test -k x tests/   # pytest's
./pool ledger check SLUG | less --all
./pool replay pledges --since
```
"""

    assert [each.split(": ")[0] for each in commands.unknown(text)] == [
        "./pool downn",
        "./pool up --prot 1",
        "./pool campaigns chek films/",
        "./pool status --wtach",
        "./pool down here now",
    ]
