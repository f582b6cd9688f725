"""admin invite: who may open the dashboard. The first user comes in this way."""

from pathlib import Path
from typing import Any

import click

from deploy.local import loopback
from deploy.local.cli.console import (
    data_option,
    json_option,
    print_json,
    refuse,
    say,
    stack_of,
)


@click.group()
def admin() -> None:
    """Who may open the dashboard."""


@admin.command()
@click.argument("email")
@click.option("--role", type=click.Choice(["super", "campaign"]), default="super")
@click.option("--campaign", "campaigns", multiple=True, help="Of a campaign user; repeat it.")
@click.option("--language", type=click.Choice(["en", "es"]), default="en")
@json_option
@data_option
def invite(
    *,
    email: str,
    role: str,
    campaigns: tuple[str, ...],
    language: str,
    as_json: bool,
    data: Path,
) -> None:
    """Let EMAIL open the dashboard: a mail with a link that signs in is sent at once."""
    document = stack_of(data, as_json=as_json)
    try:
        answer: dict[str, Any] = loopback.call(
            "POST",
            f"{document['site']}/admin/invitations",
            body={"email": email, "role": role, "campaigns": campaigns, "language": language},
            bearer=document["admin_secret"],
        )
    except loopback.CallFailed as exc:
        refuse(f"Nobody was invited: {exc}", as_json=as_json)
    if as_json:
        print_json(answer)
        return
    say(f"{answer['email']} may sign in as {answer['role']}, by the mail or here:")
    say(answer["signInUrl"])
    say("The link works once, for 15 minutes. The sign-in page sends another at any time.")
