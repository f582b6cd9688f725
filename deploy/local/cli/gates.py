"""quality: the slow gates, every page as browsers, validators and attackers see it."""

import sys

import click

from deploy.local.cli.console import json_option, paint, print_json, refuse, say


@click.command()
@click.argument("name", required=False)
@json_option
def quality(*, name: str | None, as_json: bool) -> None:
    """Look at every page: markup, weights, Lighthouse, axe, and hostile texts.

    NAME is one of the gates; without it all are run. What they need from npm and Debian is
    installed first. Ends with 1 when a goal is missed.
    """
    from deploy import quality as gates
    from deploy.quality.gate import Found
    from deploy.quality.no_show import NoShow
    from deploy.quality.showcase import shown
    from deploy.quality.tools import ToolMissing

    if name is not None and name not in gates.names():
        refuse(f"There is no gate {name}: {', '.join(gates.names())}.", code=2)
    found: list[Found] = []
    try:
        _aside("the sample films, running")
        with shown() as showcase:
            for each in [name] if name else gates.names():
                gate = gates.load(each)
                _aside(f"{gate.name}: {gate.says}")
                found += gate.run(showcase, lambda text: _aside(f"  {text}"))
    except (NoShow, ToolMissing) as exc:
        refuse(str(exc), as_json=as_json)
    if as_json:
        results = [{**each.figure.as_json(), "found": list(each.lines)} for each in found]
        print_json({"results": results})
    else:
        _show(found)
    sys.exit(0 if all(each.figure.ok for each in found) else 1)


def _show(found: "list[Found]") -> None:  # type: ignore[name-defined]  # noqa: F821
    for each in found:
        is_ok = each.figure.ok
        mark = paint("ok    ", fg="green") if is_ok else paint("missed", fg="red")
        say(f"{mark} {each.figure.line()}  [{each.figure.workload}]")
        for line in () if is_ok else each.lines:
            say(f"         {line}")


def _aside(text: str) -> None:
    click.echo(text, err=True)
