"""manifest.json: what a backup holds, so that a restore can tell whether it is all there."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

FORMAT = 1
NAME = "manifest.json"
DUMP = "postgres.dump"
CONTENT = "content.tar.gz"
BLOCK_BYTES = 1 << 20

Stripe = Literal["sandbox", "test", "live"]


class Refused(Exception):
    """It can't be done as asked; the message says why and what to do."""


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's totals in the ledger at the moment of the backup, in cents."""

    pledges: int
    pledged_cents: int
    total_cents: int
    collected_cents: int


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the backup as it lies there."""

    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A backup's description. It names settings, and holds no value of one."""

    format: int
    made_at: datetime
    """When the snapshot was taken: the database's clock, UTC."""
    version: str
    """The Pool's version that made it."""
    postgres_major: int
    stripe: Stripe
    """Which world its ids are of: a restore with keys of another is refused."""
    migrations: dict[str, dict[str, str]]
    """By schema: each migration that was applied, with its checksum."""
    rows: dict[str, int]
    """By table: how many rows."""
    campaigns: dict[str, Sums]
    roles: tuple[str, ...]
    """Who was granted something: made without a password before the rows come back."""
    settings: tuple[str, ...]
    """Names of the secrets the platform ran with; who restores brings them."""
    is_encrypted: bool
    recipients: tuple[str, ...] = ()
    """Whose keys open it, age1…; a backup of before 0.2 does not say."""
    files: dict[str, File]


def described(path: Path) -> File:
    """Return the size and checksum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return File(size_bytes=path.stat().st_size, sha256=digest.hexdigest())


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest beside the files it describes."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / NAME).write_bytes(text + b"\n")


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup whose files are all there and unchanged.

    Raises `Refused` for anything else.
    """
    try:
        manifest = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError as exc:
        raise Refused(f"{folder} is no backup: it has no {NAME}.") from exc
    except msgspec.DecodeError as exc:
        raise Refused(f"{folder / NAME} can't be read: {exc}.") from exc
    if manifest.format != FORMAT:
        raise Refused(
            f"This backup has format {manifest.format}; this version reads format {FORMAT}."
        )
    for name, said in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Refused(f"{name} is missing from the backup.")
        if described(path) != said:
            raise Refused(f"{name} is not as it was written: its checksum differs.")
    return manifest
