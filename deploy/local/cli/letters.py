"""email preview: every letter as it was approved, in the sandbox's inbox or on the terminal."""

import json
import urllib.request
from pathlib import Path

import click

from deploy.local.cli.console import data_option, json_option, print_json, refuse, say, stack_of
from deploy.local.layout import ROOT, DataDir, read_json

# Tests hold them equal to what the templates write; `POOL_GOLDEN=write` approves new ones.
APPROVED = ROOT / "tests" / "notify" / "golden"
LANGUAGES = ("en", "es")
SENDER = "The Pool <gallery@pool.example>"
SUBJECT = "Subject: "
BATCH_MAX = 100
SECONDS = 20


@click.group()
def email() -> None:
    """Look at the letters that supporters get."""


@email.command()
@click.argument("name", required=False)
@click.option("--lang", type=click.Choice(LANGUAGES), help="In this language alone.")
@json_option
@data_option
def preview(*, name: str | None, lang: str | None, as_json: bool, data: Path) -> None:
    """Put every letter, in every language and state, into the sandbox's inbox.

    NAME is one letter, such as pledge_confirmed, with all its states; it is printed as well.
    """
    letters = approved(name, lang)
    if not letters:
        known = ", ".join(sorted({each.name.split(".")[0] for each in _files(None, None)}))
        refuse(f"{name} is no letter. There are: {known}.", 2, as_json=as_json)
    stack = stack_of(data, as_json=as_json)
    if not stack.get("sandbox"):
        refuse("This stack has no sandbox, whose inbox would show them.", as_json=as_json)
    key = str(read_json(DataDir.at(data).file("secrets.json"))["RESEND_API_KEY"])
    for start in range(0, len(letters), BATCH_MAX):
        _send(str(stack["sandbox"]), key, letters[start : start + BATCH_MAX])
    inbox = f"{stack['sandbox']}/inbox"
    if as_json:
        print_json({"inbox": inbox, "letters": [each["subject"] for each in letters]})
        return
    if name is not None:
        for each in letters:
            say(f"\n{each['subject']}\n\n{each['text']}")
    say(f"{len(letters)} letters are in {inbox}")


def approved(name: str | None, lang: str | None) -> list[dict[str, str]]:
    """Return letters as a mail service takes them: all, or one with its states."""
    found = []
    for path in _files(name, lang):
        subject, _, text = path.read_text(encoding="utf-8").partition("\n\n")
        found.append(
            {
                "from": SENDER,
                "to": f"{path.name.removesuffix('.txt')}@gallery.example",
                "subject": subject.removeprefix(SUBJECT),
                "html": path.with_suffix(".html").read_text(encoding="utf-8"),
                "text": text,
            }
        )
    return found


def _files(name: str | None, lang: str | None) -> list[Path]:
    return [
        path
        for path in sorted(APPROVED.glob("*.txt"))
        if lang in (None, path.name.split(".")[1])
        and (name is None or path.name.split(".")[0] == name or path.name.startswith(f"{name}_"))
    ]


def _send(sandbox: str, key: str, letters: list[dict[str, str]]) -> None:
    request = urllib.request.Request(  # noqa: S310 (the stack's own sandbox)
        f"{sandbox}/emails/batch",
        data=json.dumps(letters).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        answer.read()
