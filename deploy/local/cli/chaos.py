"""chaos: break the platform on purpose, and see that nothing of anybody's is lost."""

import functools
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import click

from deploy.local.cli.console import json_option, paint, print_json, refuse, say
from deploy.local.layout import ROOT

PROOF = ROOT / "docs" / "proof.md"

Rewrite = Callable[[str], str]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "is_list", is_flag=True, help="Say which experiments there are.")
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses what chance does.")
@click.option("--proof", is_flag=True, help="Write the figures into docs/proof.md.")
@json_option
def chaos(*, names: tuple[str, ...], is_list: bool, seed: int, proof: bool, as_json: bool) -> None:
    """Play fault experiments, all or those named, each on a fresh stack of its own.

    Ends with 1 when a promise was broken: a figure beyond its target, or an invariant.
    """
    from deploy.chaos import experiments

    known = experiments.names()
    wanted = [_spelled(name, known) for name in names] or list(known)
    if is_list:
        _list(wanted, as_json=as_json)
        return
    if sys.platform != "linux":
        refuse("The experiments stop and kill processes by what Linux says of them.")
    from deploy.chaos import machine
    from deploy.chaos import proof as proofs
    from deploy.chaos.experiment import play_sync

    played = []
    for name in wanted:
        experiment = experiments.load(name)
        document = {"machine": machine.describe(), "seed": seed}
        _aside(f"{name}  {experiment.says}")
        result = play_sync(experiment, seed=seed, say=lambda text: _aside(f"      {text}"))
        for line in proofs.lines(result):
            _aside(line)
        played.append(result.as_json())
        if proof:
            # One by one: whoever stops in the middle keeps what was measured until then.
            one = {**document, "experiments": played[-1:]}
            write_proof(functools.partial(proofs.with_experiments, document=one, on=today()))
    if as_json:
        print_json({"machine": machine.describe(), "seed": seed, "experiments": played})
    else:
        _show(played)
    sys.exit(0 if all(each["ok"] for each in played) else 1)


def write_proof(rewrite: Rewrite) -> None:
    """Write docs/proof.md anew from what it holds."""
    page = PROOF.read_text(encoding="utf-8") if PROOF.exists() else ""
    PROOF.write_text(rewrite(page), encoding="utf-8")


def today() -> date:
    """Return the day of a measurement."""
    return datetime.now(UTC).date()


def _spelled(name: str, known: Sequence[str]) -> str:
    """Return an experiment's name as it is written; end with 2 for one nobody knows."""
    for each in known:
        if each.replace("-", "").lower() == name.replace("-", "").lower():
            return each
    refuse(f"There is no experiment {name}. `./pool chaos --list` names them.", code=2)


def _list(names: Sequence[str], *, as_json: bool) -> None:
    from deploy.chaos import experiments

    found = [{"id": name, "says": experiments.load(name).says} for name in names]
    if as_json:
        print_json({"experiments": found})
        return
    for each in found:
        say(f"{each['id']:<6} {each['says']}")


def _show(results: Sequence[dict[str, Any]]) -> None:
    for each in results:
        mark = paint("kept  ", fg="green") if each["ok"] else paint("BROKEN", fg="red")
        say(f"{mark} {each['id']:<6} {each['seconds']:6.1f} s  {each['says']}")


def _aside(text: str) -> None:
    click.echo(text, err=True)
