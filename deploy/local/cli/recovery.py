"""backup, restore: the whole platform as of one moment, and the way back from it."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.local import stack_file
from deploy.local.cli.console import (
    data_option,
    json_option,
    money,
    print_json,
    refuse,
    say,
)
from deploy.local.env_file import SettingsRefused
from deploy.local.environment import operators_settings
from deploy.local.layout import DataDir, write_json
from deploy.local.wheels import ServerRefused
from deploy.recovery import retention
from deploy.recovery.manifest import Manifest, Refused
from services.chassis.process.commands import operator

if TYPE_CHECKING:
    from deploy.recovery.backup import Source

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("into", metavar="DIR", type=FOLDER)
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="AGE1…",
    help="Encrypt, so that only the owner of this age key can read it. May be repeated.",
)
@click.option(
    "--series",
    is_flag=True,
    help="Write DIR/<time>; name those that 7 days, 5 weeks and 12 months don't need.",
)
@click.option("--prune", is_flag=True, help="With --series: remove them, once they were named.")
@json_option
@data_option
def backup(
    *,
    into: Path,
    recipients: tuple[str, ...],
    series: bool,
    prune: bool,
    as_json: bool,
    data: Path,
) -> None:
    """Back up the whole platform while it runs; never over an older backup."""
    from deploy.recovery.backup import make

    if prune and not series:
        refuse("--prune is about a series: name it with --series.", 2, as_json=as_json)
    folder = DataDir.at(data)
    place = into / retention.name_of(datetime.now(UTC)) if series else into
    began = time.monotonic()
    try:
        made = make(_source(folder), place.absolute(), recipients=recipients)
    except (Refused, ServerRefused, SettingsRefused, OSError) as exc:
        refuse(f"No backup was made: {exc}", as_json=as_json)
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(folder.file("backup.json"), {"at": made.made_at.isoformat(), "in": str(place)})
    unneeded = retention.unneeded(into) if series else []
    seconds = round(time.monotonic() - began, 1)
    if not as_json:
        _show(made)
        say(f"Backed up to {place} in {seconds} s: {_size(made)}, read back and checked.")
        _show_unneeded(unneeded, is_pruned=prune)
    removed = _remove(unneeded) if prune else []
    if as_json:
        told = {"unneeded": [each.name for each in unneeded], "removed": removed}
        print_json({"backup": str(place), "seconds": seconds, **told, **_as_json(made)})
    elif removed:
        say(f"Removed {len(removed)}.")


@click.command()
@click.argument("source", metavar="DIR", type=FOLDER)
@click.option(
    "--identity",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file with the age key of an encrypted backup.",
)
@json_option
@data_option
def restore(*, source: Path, identity: Path | None, as_json: bool, data: Path) -> None:
    """Bring a backup back into an empty data directory, with money and mail at rest."""
    from deploy.recovery.restore import restore as bring_back

    folder = DataDir.at(data)
    began = time.monotonic()
    if stack_file.is_running(folder):
        refuse(f"A stack runs on {folder.path}. `./pool down` stops it.", as_json=as_json)
    try:
        found = bring_back(source.absolute(), folder, by=operator(), identities=identity)
    except (Refused, ServerRefused, SettingsRefused, OSError) as exc:
        refuse(f"Not restored: {exc}", as_json=as_json)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        held = {"putAside": found.put_aside, "wrong": found.wrong}
        print_json({"seconds": seconds, **held, **_as_json(found.manifest)})
        sys.exit(1 if found.wrong else 0)
    _show(found.manifest)
    aside = found.put_aside
    say(f"Restored as of {found.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC in {seconds} s.")
    say(
        f"Put aside: {aside['mails']} mails that may have gone out since, {aside['news']} news"
        f" half told, {aside['sessions']} sessions of the dashboard."
    )
    for each in found.wrong:
        say(f"  ! {each}")
    say("Nothing is charged, mailed or decided, and nobody can pledge, until you say so:")
    say("  ./pool up            pages are shown")
    say("  ./pool ledger check  history, pledges and totals agree")
    say("  ./pool reconcile     what Stripe knows and this backup does not")
    say("  ./pool resume        the platform goes on")
    sys.exit(1 if found.wrong else 0)


def _source(folder: DataDir) -> "Source":
    """Return what is backed up: the stack that runs here, or what the settings name."""
    from deploy.recovery.backup import Source
    from deploy.recovery.restore import uploads_of, world_of

    given = operators_settings(folder)
    found = stack_file.read(folder) if stack_file.is_running(folder) else {}
    owner_url = found.get("postgres") or given.get("DATABASE_URL")
    campaigns = found.get("campaigns") or given.get("CAMPAIGNS_DIR")
    if not owner_url or not campaigns:
        raise Refused(
            f"no stack runs on {folder.path}. Start it, or name a platform that runs elsewhere:"
            " DATABASE_URL (its owner's) and CAMPAIGNS_DIR."
        )
    return Source(
        owner_url=owner_url,
        campaigns=Path(campaigns),
        stripe=world_of(given),
        uploads=uploads_of(given),
    )


def _show_unneeded(backups: list[Path], *, is_pruned: bool) -> None:
    for each in backups:
        say(f"  {each.name}: newer ones stand for its day, week and month")
    if backups and not is_pruned:
        say(f"Nobody needs these {len(backups)} any more; --prune removes them.")


def _remove(backups: list[Path]) -> list[str]:
    """Remove these backups; return their names."""
    import shutil

    for each in backups:
        shutil.rmtree(each)
    return [each.name for each in backups]


def _show(found: Manifest) -> None:
    for slug, sums in found.campaigns.items():
        say(f"  {slug:<40} {sums.pledges:>7} pledges {money(sums.pledged_cents):>14}")
    say(f"  {sum(found.rows.values()):,} rows in {len(found.rows)} tables")


def _size(found: Manifest) -> str:
    total = sum(each.size_bytes for each in found.files.values())
    return f"{total / 1_000_000:.1f} MB"


def _as_json(found: Manifest) -> dict[str, object]:
    import msgspec

    described: dict[str, object] = msgspec.to_builtins(found)
    return {"manifest": described, "files": sorted(os.fspath(name) for name in found.files)}
