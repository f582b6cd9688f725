"""What of the content folder is in a backup: uploads are; secrets and unfinished files are not."""

import tarfile
from pathlib import Path

from deploy.recovery.backup import _pack


def test_uploads_are_packed_and_what_is_not_whole_is_not(tmp_path: Path) -> None:
    content = tmp_path / "here"
    for name in ("a.md", ".env", "media/uploads/ab.webp", "media/uploads/.parts/cd.part"):
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_text(name)

    _pack(content, tmp_path / "content.tar.gz")

    with tarfile.open(tmp_path / "content.tar.gz") as archive:
        files = {each.name for each in archive if each.isfile()}
    assert files == {"campaigns/a.md", "campaigns/media/uploads/ab.webp"}
