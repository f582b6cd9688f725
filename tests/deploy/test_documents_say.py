"""What the pages tell a reader to type is what the programs take."""

from importlib.util import find_spec

import pytest

from deploy.local.layout import ROOT
from deploy.reference import commands, documents

TEXTS = {str(page): (ROOT / page).read_text(encoding="utf-8") for page in documents.pages()}


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
