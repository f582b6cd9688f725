"""doctor: one line for each thing looked at."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from deploy.local.cli.console import data_option, json_option, paint, print_json, say
from deploy.local.doctor import Doctor
from deploy.local.layout import DataDir

COLOURS = {"ok": "green", "wrong": "red", "skipped": "yellow"}


@click.command()
@click.option("--deep", is_flag=True, help="Check every invariant of a running stack as well.")
@json_option
@data_option
def doctor(*, deep: bool, as_json: bool, data: Path) -> None:
    """Look for what is wrong, on a running stack or a stopped one."""
    checks = list(Doctor(DataDir.at(data), is_deep=deep).checks())
    is_well = all(check.result != "wrong" for check in checks)
    if as_json:
        print_json({"ok": is_well, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark = paint(f"{check.result:<8}", fg=COLOURS[check.result])
            say(f"{mark} {check.name:<15} {check.why}")
            if check.fix and check.result == "wrong":
                say(f"{'':<8} {'':<15} → {check.fix}")
    sys.exit(0 if is_well else 1)
