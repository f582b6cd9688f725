"""Back up a running platform: the database as of one moment, content, and a manifest.

It is made beside its place and moved there when it is whole, so a backup that lies where
it belongs is one. Source: reliability B-1.
"""

import asyncio
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.layout import ROOT
from deploy.local.wheels import pg_bin, plain_environ
from deploy.recovery import encryption, manifest
from deploy.recovery.manifest import Manifest, Refused, Stripe
from deploy.recovery.snapshot import DUMP_SECONDS, Snapshot, take

UPLOADS = "media/uploads"
SECRETS = (
    *("ADMIN_SECRET", "GATEWAY_SECRET", "MAGIC_LINK_SECRET", "CHECKOUT_INTENT_SECRET"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "RESEND_API_KEY", "RESEND_WEBHOOK_SECRET"),
)


@dataclass(frozen=True)
class Source:
    """What is backed up."""

    owner_url: str
    campaigns: Path
    stripe: Stripe
    uploads: Path | None = None
    """Where uploads are kept, if that is not below the content folder."""


def make(source: Source, into: Path, *, recipients: Sequence[str] = ()) -> Manifest:
    """Write a backup to `into`, which must not be there yet; return its manifest.

    With `recipients` (age1…) only they can read it. Raises `Refused` when it can't be
    made, or is not whole when it is looked at again.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refused(f"{into} is there already: a backup is never written over another.")
    encryption.recipients_of(recipients)
    making = into.with_name(f".{into.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    try:
        made = _fill(source, making, recipients)
        if into.exists():
            into.rmdir()
        making.rename(into)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return made


def _fill(source: Source, folder: Path, recipients: Sequence[str]) -> Manifest:
    snapshot = asyncio.run(take(source.owner_url, folder / manifest.DUMP))
    _pack(source, folder / manifest.CONTENT)
    _require_readable(folder)
    files = [folder / manifest.DUMP, folder / manifest.CONTENT]
    if recipients:
        files = [encryption.encrypt(path, recipients) for path in files]
    for path in files:
        path.chmod(0o600)
    made = _described(source, snapshot, files, recipients)
    manifest.write(folder, made)
    # Read again from the disk, as a restore would.
    return manifest.read(folder)


def _described(
    source: Source, snapshot: Snapshot, files: Sequence[Path], recipients: Sequence[str]
) -> Manifest:
    return Manifest(
        format=manifest.FORMAT,
        made_at=snapshot.taken_at,
        version=version(),
        postgres_major=snapshot.postgres_major,
        stripe=source.stripe,
        migrations=snapshot.migrations,
        rows=snapshot.rows,
        campaigns=snapshot.campaigns,
        roles=snapshot.roles,
        settings=SECRETS,
        is_encrypted=bool(recipients),
        recipients=tuple(recipients),
        files={path.name: manifest.described(path) for path in files},
    )


def _pack(source: Source, into: Path) -> None:
    """Pack the content folder with its history, and uploads where they stand by default.

    After the database was dumped: so every row of an upload has its file.
    """
    with tarfile.open(into, "w:gz") as archive:
        archive.add(source.campaigns, arcname="campaigns", filter=_content_only)
        if source.uploads is not None and source.uploads.is_dir():
            archive.add(source.uploads, arcname=f"campaigns/{UPLOADS}", filter=_content_only)


def _content_only(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    # Uploads on their way come and go while we look.
    is_left_out = Path(member.name).name in (".env", ".parts")
    return None if is_left_out or not (member.isfile() or member.isdir()) else member


def _require_readable(folder: Path) -> None:
    """Read everything back, to its last byte."""
    done = subprocess.run(
        [pg_bin() / "pg_restore", "--file=/dev/null", folder / manifest.DUMP],
        capture_output=True,
        text=True,
        timeout=DUMP_SECONDS,
        check=False,
        env=plain_environ(),
    )
    if done.returncode != 0:
        raise Refused(f"The dump can't be read back: {done.stderr.strip()[-400:]}")
    with tarfile.open(folder / manifest.CONTENT) as archive:
        for member in archive:
            if member.isfile() and (stream := archive.extractfile(member)) is not None:
                while stream.read(manifest.BLOCK_BYTES):
                    pass


def version() -> str:
    """Return The Pool's own version."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        found: str = tomllib.load(stream)["project"]["version"]
    return found
