"""test and check: what contributors and CI run."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

import click

from deploy.local.browser import BrowserMissing, find_or_install
from deploy.local.cli.console import paint, refuse, say
from deploy.local.layout import ROOT

WORKERS = 2
PASS_THROUGH = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
PROOF_OPTION = "--proof"
COUNTED = ("tests", "failures", "errors", "skipped")
# Who names one of these has decided how many processes there are.
WORKER_OPTIONS = ("-n", "--numprocesses", "-p", "--dist", "--pdb", "--collect-only", "--co")


@click.command(context_settings=PASS_THROUGH, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the whole suite, browser tests with it. Arguments go to pytest.

    With --proof its time is written into docs/proof.md.
    """
    environ = dict(os.environ)
    if "-h" not in arguments and "--help" not in arguments:
        try:
            environ["POOL_CHROMIUM"] = str(find_or_install(say=_aside))
        except BrowserMissing as exc:
            _aside(f"{exc}\nBrowser tests will fail until there is one.")
    os.chdir(ROOT)
    passed_on = [each for each in arguments if each != PROOF_OPTION]
    command = [sys.executable, "-m", "pytest", *_workers(arguments), *passed_on]
    sys.stdout.flush()
    if PROOF_OPTION in arguments:
        sys.exit(_proved(command, environ))
    os.execve(sys.executable, command, environ)  # noqa: S606 - pytest takes our place.


@click.command()
@click.option("--no-tests", is_flag=True, help="Look at the code only.")
def check(*, no_tests: bool) -> None:
    """Check format, lint, types and the fast tests."""
    steps = [
        ("format", ["ruff", "format", "--check", "."]),
        ("lint", ["ruff", "check", "."]),
        ("types", ["mypy"]),
    ]
    if not no_tests:
        fast = ["-q", "-m", "not stack and not browser"]
        steps.append(("fast tests", ["pytest", *fast, *_workers(())]))
    failed: list[str] = []
    for name, command in steps:
        began = time.monotonic()
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
        mark = paint("ok", fg="green") if code == 0 else paint("failed", fg="red")
        say(f"{name}: {mark} ({time.monotonic() - began:.1f} s)")
        if code != 0:
            failed.append(name)
    if failed:
        refuse(f"Not in order: {', '.join(failed)}.")


def _proved(command: list[str], environ: dict[str, str]) -> int:
    """Run the tests, write down how many there were and how long it took; return the code."""
    from deploy.chaos import machine, proof
    from deploy.local.cli.chaos import today, write_proof

    on, began = machine.describe(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.run(
            [*command, f"--junitxml={report}"], env=environ, check=False
        ).returncode
        (suite,) = ElementTree.parse(report).getroot()  # noqa: S314 - pytest wrote it.
    counts = {name: int(suite.get(name, 0)) for name in COUNTED}
    seconds = time.monotonic() - began
    write_proof(lambda page: proof.with_suite(page, on, counts=counts, seconds=seconds, on=today()))
    return code


def _workers(arguments: tuple[str, ...]) -> list[str]:
    """Return the default number of processes; a file's tests share one, and its stack."""
    if any(argument.startswith(WORKER_OPTIONS) for argument in arguments):
        return []
    return ["-n", str(WORKERS), "--dist", "loadfile"]


def _aside(text: str) -> None:
    width = shutil.get_terminal_size().columns
    click.echo(text if len(text) < width * 4 else text.strip(), err=True)
