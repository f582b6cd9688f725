"""mutants: put known faults into copies of the tree, and see that a test notices each."""

import sys
from collections.abc import Sequence

import click

from deploy.local.cli.console import json_option, paint, print_json, refuse, say
from deploy.mutants import catalogue, page, trials
from deploy.mutants.catalogue import Mutant
from deploy.mutants.trials import Result


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "is_list", is_flag=True, help="Say which mutants there are.")
@click.option("--proof", is_flag=True, help="Write what came of each into docs/mutants.md.")
@json_option
def mutants(*, names: tuple[str, ...], is_list: bool, proof: bool, as_json: bool) -> None:
    """Break our own safety net, fault by fault, all or those named: a test must notice each.

    The working tree is not touched. Ends with 1 when a mutant survives.
    """
    chosen = _chosen(names)
    if is_list:
        _list(chosen, as_json=as_json)
        return
    results: list[Result] = []
    try:
        with trials.clean_copy(chosen, say=_aside) as clean:
            for mutant in chosen:
                results.append(trials.attempt(mutant, clean))
                _aside(page.line(results[-1]))
                if proof:
                    # One by one: whoever stops in the middle keeps what was tried until then.
                    page.write(results[-1:], catalogue.mutants())
    except (trials.NotClean, catalogue.DoesNotFit) as exc:
        refuse(str(exc), as_json=as_json)
    caught = [each for each in results if each.verdict == "caught"]
    if as_json:
        print_json(page.as_json(results))
    else:
        _show(results)
        say(f"{len(caught)} of {len(results)} caught")
    sys.exit(0 if len(caught) == len(results) else 1)


def _chosen(names: Sequence[str]) -> tuple[Mutant, ...]:
    """Return the mutants that are meant; end with 2 for one nobody knows."""
    known = {each.name: each for each in catalogue.mutants()}
    for name in names:
        if name not in known:
            refuse(f"There is no mutant {name}. `./pool mutants --list` names them.", code=2)
    return tuple(known[name] for name in names) or tuple(known.values())


def _list(chosen: Sequence[Mutant], *, as_json: bool) -> None:
    if as_json:
        print_json({"mutants": [page.described(each) for each in chosen]})
        return
    for each in chosen:
        say(f"{each.name:<32} {each.says}")


def _show(results: Sequence[Result]) -> None:
    for each in results:
        colour = "green" if each.verdict == "caught" else "red"
        mark = paint(f"{each.verdict:<8}", fg=colour)
        say(f"{mark} {each.mutant.name:<32} {each.seconds:5.1f} s  {each.mutant.says}")
        if each.verdict != "caught":
            say(f"         {each.why}")


def _aside(text: str) -> None:
    click.echo(text, err=True)
