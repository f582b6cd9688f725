"""Pytest's side of a trial: how each test ended, and whether an assertion of a test said so.

Loaded by `-p deploy.mutants.verdicts` in the copy that is tried.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from deploy.mutants.trials import BROKE, NOTICED, OPTION, PASSED


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the file into which the verdicts are written."""
    parser.addoption(OPTION, type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty file: a run that collects nothing has noticed nothing."""
    config.getoption(OPTION).write_text("", encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, Any, Any]:
    """Write down each phase that says something: a test's own, or a broken fixture's."""
    report = yield
    if call.when == "call" or call.excinfo is not None:
        verdict, why = _verdict(item, call)
        line = json.dumps({"test": item.nodeid, "verdict": verdict, "why": why})
        with item.config.getoption(OPTION).open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")
    return report


def _verdict(item: pytest.Item, call: "pytest.CallInfo[None]") -> tuple[str, str]:
    if call.excinfo is None:
        return PASSED, ""
    is_noticed = call.when == "call" and _is_of_a_test(item, call.excinfo)
    return NOTICED if is_noticed else BROKE, call.excinfo.exconly(tryshort=True)[:300]


def _is_of_a_test(item: pytest.Item, excinfo: "pytest.ExceptionInfo[BaseException]") -> bool:
    """Tell whether the test itself found something untrue.

    A service that trips over the fault, a missing name or a test that hangs proves that the
    code is broken, not that the test looks.
    """
    if excinfo.errisinstance(pytest.fail.Exception):
        # `pytest.raises` without its exception; but not pytest-timeout, which fails alike.
        return "Timeout" not in excinfo.exconly(tryshort=True)
    # Without the frames of pytest's own that hide themselves, those of `pytest.raises` say.
    raised_in = Path(str(excinfo.traceback.filter(excinfo)[-1].path))
    return excinfo.errisinstance(AssertionError) and raised_in.is_relative_to(
        item.config.rootpath / "tests"
    )
