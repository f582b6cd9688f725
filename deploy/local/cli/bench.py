"""bench: how fast the platform is, as a share of what stands beneath it."""

import asyncio
import sys

import click

from deploy.local.cli.console import json_option, paint, print_json, refuse, say


@click.command()
@click.argument("name", required=False)
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses what chance does.")
@json_option
def bench(*, name: str | None, seed: int, as_json: bool) -> None:
    """Measure one workload family or all, each on a fresh stack of its own.

    Compare ratios, not figures: both sides of a ratio come from the same run. Ends with 1
    when a goal is missed.
    """
    from deploy import bench as benches
    from deploy.bench.figures import Figure
    from deploy.chaos import machine

    if name is not None and name not in benches.names():
        refuse(f"There is no benchmark {name}: {', '.join(benches.names())}.", code=2)
    if sys.platform != "linux":
        refuse("CPU time is read from what Linux says of a process.")
    on = machine.describe()
    figures: list[Figure] = []
    for each in [name] if name else benches.names():
        one = benches.load(each)
        _aside(f"{one.name}: {one.says}")
        figures += asyncio.run(one.run(seed, lambda text: _aside(f"  {text}")))
    if as_json:
        print_json({"machine": on, "seed": seed, "results": [each.as_json() for each in figures]})
    else:
        say(", ".join(f"{key} {value}" for key, value in on.items()))
        for figure in figures:
            mark = paint("ok    ", fg="green") if figure.ok else paint("missed", fg="red")
            say(f"{mark} {figure.line()}  [{figure.workload}]")
    sys.exit(0 if all(each.ok for each in figures) else 1)


def _aside(text: str) -> None:
    click.echo(text, err=True)
