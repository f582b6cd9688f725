"""A restore refuses whatever is not whole, not ours, or would be written over."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyrage
import pytest

from deploy.local.layout import DataDir
from deploy.recovery import backup, encryption, manifest
from deploy.recovery.backup import Source
from deploy.recovery.manifest import DUMP, Manifest, Refused, described
from deploy.recovery.restore import restore


def a_manifest(folder: Path, **changes: object) -> Manifest:
    """Return the manifest of a backup with one file, as if it were whole."""
    folder.mkdir(exist_ok=True)
    (folder / DUMP).write_bytes(b"rows")
    plain = Manifest(
        format=manifest.FORMAT,
        made_at=datetime(2026, 11, 30, tzinfo=UTC),
        version="0.1.0",
        postgres_major=18,
        stripe="sandbox",
        migrations={},
        rows={},
        campaigns={},
        roles=(),
        settings=(),
        is_encrypted=False,
        files={DUMP: described(folder / DUMP)},
    )
    return msgspec.structs.replace(plain, **changes)


def _spoil(folder: Path) -> None:
    (folder / DUMP).write_bytes(b"rowz")


def _lose(folder: Path) -> None:
    (folder / DUMP).unlink()


@pytest.mark.parametrize(
    ("changes", "harm", "words"),
    [
        ({"format": 2}, None, "format 2"),
        ({"stripe": "live"}, None, "Stripe's live world"),
        ({"migrations": {"pledges": {"migrations/9999_new.sql": "x"}}}, None, "9999_new.sql"),
        ({"migrations": {"platform": {"platform/0001_clock.sql": "edited"}}}, None, "0001_clock"),
        ({"is_encrypted": True}, None, "encrypted: name the file with the key"),
        ({}, _spoil, "checksum differs"),
        ({}, _lose, "is missing"),
    ],
)
def test_a_backup_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, changes: dict[str, object], harm: Callable[[Path], None] | None, words: str
) -> None:
    folder, data = tmp_path / "backup", DataDir.at(tmp_path / "data")
    manifest.write(folder, a_manifest(folder, **changes))
    if harm is not None:
        harm(folder)

    with pytest.raises(Refused, match=words):
        restore(folder, data, by="zoe")

    assert not data.pg.exists()


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no backup"):
        restore(tmp_path, DataDir.at(tmp_path / "data"), by="zoe")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder, data = tmp_path / "backup", DataDir.at(tmp_path / "data")
    manifest.write(folder, a_manifest(folder))
    (data.path / "campaigns").mkdir(parents=True)

    with pytest.raises(Refused, match="is not empty \\(campaigns\\)"):
        restore(folder, data, by="zoe")


def test_a_backup_is_never_written_over_an_older_one(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    (older / "manifest.json").write_text("{}")
    source = Source(owner_url="postgresql://nowhere/pool", campaigns=tmp_path, stripe="sandbox")

    with pytest.raises(Refused, match="never written over another"):
        backup.make(source, older)


def test_uploads_kept_elsewhere_are_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, uploads = tmp_path / "backup", tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "one.webp").write_bytes(b"picture")
    manifest.write(folder, a_manifest(folder))
    monkeypatch.setenv("MEDIA_URL", uploads.as_uri())

    with pytest.raises(Refused, match="MEDIA_URL keeps uploads, is not empty"):
        restore(folder, DataDir.at(tmp_path / "data"), by="zoe")


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    source = Source(
        owner_url="postgresql://pool@127.0.0.1:1/pool", campaigns=tmp_path, stripe="sandbox"
    )

    with pytest.raises(Refused, match="can't be reached"):
        backup.make(source, tmp_path / "new")

    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_of_the_key_reads_an_encrypted_file(tmp_path: Path) -> None:
    ours, theirs = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    plain, key, wrong = tmp_path / "a", tmp_path / "key", tmp_path / "wrong"
    plain.write_bytes(b"rows")
    key.write_text(f"# ours\n{ours}\n")
    wrong.write_text(f"{theirs}\n")

    sealed = encryption.encrypt(plain, [str(ours.to_public())])

    assert not plain.exists()
    assert b"rows" not in sealed.read_bytes()
    with pytest.raises(Refused, match="can't be opened"):
        encryption.decrypt(sealed, tmp_path / "b", wrong, needed="the key of age1ours")
    encryption.decrypt(sealed, tmp_path / "b", key, needed="it")
    assert (tmp_path / "b").read_bytes() == b"rows"


def test_a_recipient_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    source = Source(owner_url="postgresql://nowhere/pool", campaigns=tmp_path, stripe="sandbox")

    with pytest.raises(Refused, match="'me' is no age recipient"):
        backup.make(source, tmp_path / "new", recipients=["me"])
