"""What an operator asks of one service: replay its outbox, look at what is parked.

python -m services.<name> replay [--since T] [--type EVENT] [--json]
python -m services.<name> parked [--retry ID] [--json]
"""

import argparse
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec

from contracts.api.operations import ParkedEvent
from services.chassis.events import replay, retrying
from services.chassis.events.inbox import Listener
from services.chassis.storage.database import Pool

COMMANDS = ("replay", "parked")


def parse(service: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command and its options; ends the process when they are wrong."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    commands = parser.add_subparsers(dest="command", required=True)
    again = commands.add_parser("replay", help="publish again what the outbox holds")
    again.add_argument("--since", type=_moment, help="2026-05-01T12:00:00Z, or 90m, 6h, 2d ago")
    again.add_argument("--type", default="", help="only events of this type")
    kept = commands.add_parser("parked", help="list the events that wait for a person")
    kept.add_argument("--retry", type=int, metavar="ID", help="run the handler of one again")
    for each in (again, kept):
        each.add_argument("--json", action="store_true", help="print one JSON document")
        each.add_argument("--by", default=operator(), help="who does it, for the record")
    return parser.parse_args(arguments)


def operator() -> str:
    """Return who sits here, as far as the machine knows."""
    try:
        return os.environ.get("POOL_OPERATOR") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


async def run_replay(service: str, asked: argparse.Namespace, pool: Pool) -> int:
    """Replay, and say how many events of which type; 1 when nobody published them."""
    done = await replay.replay(
        pool, service=service, since=asked.since, event_type=asked.type, done_by=asked.by
    )
    if asked.json:
        _print(done)
    else:
        for name, events in done.found.items():
            sys.stdout.write(f"{events:>8}  {name}\n")
        sys.stdout.write(f"{done.published} of {sum(done.found.values())} published again\n")
    if not done.is_complete:
        sys.stderr.write("The rest is queued, but no worker publishes it: is NATS away?\n")
    return 0 if done.is_complete else 1


async def run_parked(
    asked: argparse.Namespace, pool: Pool, listeners: Callable[[], Awaitable[Sequence[Listener]]]
) -> int:
    """List what is parked, or retry one; 1 when it failed again."""
    if asked.retry is None:
        found = await retrying.find_all(pool)
        _print(found) if asked.json else _show(found)
        return 0
    try:
        done = await retrying.retry(pool, await listeners(), asked.retry, done_by=asked.by)
    except retrying.CannotRetry as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    if asked.json:
        _print(done)
    else:
        for each in done:
            sys.stdout.write(f"{each.parked_id:>6}  {each.outcome}  {each.error}".rstrip() + "\n")
    return 0 if not done[-1].error else 1


def _show(found: list[ParkedEvent]) -> None:
    for each in found:
        state = "waiting" if each.is_waiting else "early" if each.try_again_at else "parked"
        sys.stdout.write(
            f"{each.parked_id:>6}  {state:<8} {each.parked_at:%Y-%m-%d %H:%M}  "
            f"{each.consumer}  {each.subject}  {each.event_id}\n        {each.error}\n"
        )
    sys.stdout.write(f"{len(found)} parked\n" if found else "Nothing is parked.\n")


def _moment(text: str) -> datetime:
    try:
        return replay.moment(text, datetime.now(UTC))
    except replay.BadMoment as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _print(document: object) -> None:
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
