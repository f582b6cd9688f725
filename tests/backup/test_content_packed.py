"""What of the content folder is in a backup: uploads are; secrets and unfinished files are not."""

import tarfile
from pathlib import Path

from deploy.recovery.backup import Source, _pack


def test_uploads_are_packed_and_what_is_not_whole_is_not(tmp_path: Path) -> None:
    content = tmp_path / "here"
    for name in ("a.md", ".env", "media/uploads/ab.webp", "media/uploads/.parts/cd.part"):
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_text(name)

    files = packed(Source(owner_url="", campaigns=content, stripe="sandbox"), tmp_path)

    assert files == {"campaigns/a.md", "campaigns/media/uploads/ab.webp"}


def test_uploads_that_are_kept_elsewhere_stand_where_they_would_by_default(tmp_path: Path) -> None:
    content, uploads = tmp_path / "here", tmp_path / "there"
    for folder, name in ((content, "a.md"), (uploads, "ab.webp")):
        folder.mkdir()
        (folder / name).write_text(name)

    source = Source(owner_url="", campaigns=content, stripe="sandbox", uploads=uploads)

    assert packed(source, tmp_path) == {"campaigns/a.md", "campaigns/media/uploads/ab.webp"}


def packed(source: Source, scratch: Path) -> set[str]:
    """Return the names of the files that are packed."""
    _pack(source, scratch / "content.tar.gz")
    with tarfile.open(scratch / "content.tar.gz") as archive:
        return {each.name for each in archive if each.isfile()}
