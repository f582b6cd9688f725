"""admin invite: what it asks, what it prints, and how it ends."""

import json

from tests.local.test_cli import Cli, cli

__all__ = ["cli"]

ROUTE = "POST /admin/invitations"
LINK = "http://127.0.0.1:8000/admin/sign-in/?t=once"
ADA = {"email": "ada@pool.example", "role": "super", "campaigns": [], "signInUrl": LINK}


def test_whoever_is_invited_gets_a_link_that_is_printed_too(cli: Cli) -> None:
    cli.answers[ROUTE] = (200, ADA)

    said = cli.run("admin", "invite", "ada@pool.example")
    told = cli.run("admin", "invite", "ada@pool.example", "--json")

    assert (said.exit_code, told.exit_code) == (0, 0)
    assert LINK in said.stdout
    assert json.loads(told.stdout) == ADA


def test_a_refusal_names_what_is_wrong_and_is_one(cli: Cli) -> None:
    message = "Choose at least one campaign."
    cli.answers[ROUTE] = (400, {"error": "invalid_input", "message": message})

    refused = cli.run("admin", "invite", "bo@pool.example", "--role", "campaign")

    assert refused.exit_code == 1
    assert message in refused.stderr


def test_an_unknown_role_is_wrong_usage(cli: Cli) -> None:
    assert cli.run("admin", "invite", "bo@pool.example", "--role", "owner").exit_code == 2
