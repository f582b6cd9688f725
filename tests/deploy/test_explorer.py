"""The HTTP reference to click through: what is fetched is what the lock names, and nothing else."""

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from deploy.local.layout import ROOT
from deploy.quality.tools import ToolMissing
from deploy.reference import documents, explorer


def archive(path: Path, name: str, content: bytes) -> str:
    """Write an archive as npm packs one; return its checksum as npm writes it."""
    with tarfile.open(path, "w:gz") as opened:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        opened.addfile(entry, io.BytesIO(content))
    digest = hashlib.sha512(path.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode('ascii')}"


def test_the_bundle_is_taken_from_the_archive_the_lock_names(tmp_path: Path) -> None:
    path = tmp_path / "scalar.tgz"
    checksum = archive(path, explorer.MEMBER, b"a bundle")

    assert explorer.member(path.read_bytes(), path, checksum) == b"a bundle"


def test_another_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scalar.tgz"
    archive(path, explorer.MEMBER, b"another bundle")
    lock = json.loads(explorer.LOCK.read_text(encoding="utf-8"))

    with pytest.raises(ToolMissing, match="is not what scalar"):
        explorer.member(path.read_bytes(), path, lock["integrity"])


def test_an_exact_version_is_locked() -> None:
    lock = json.loads(explorer.LOCK.read_text(encoding="utf-8"))

    assert re.fullmatch(r"\d+\.\d+\.\d+", lock["version"])
    assert lock["integrity"].startswith("sha512-")


def test_the_page_is_gathered_and_names_no_other_host(tmp_path: Path) -> None:
    documents.gather(tmp_path)

    assert (tmp_path / explorer.PAGE.with_name("http.json")).exists()
    for name in explorer.FILES:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert re.search(r"https?:|//\w", text) is None, name
    page = (ROOT / explorer.PAGE).read_text(encoding="utf-8")
    assert "default-src 'self'" in page
    assert explorer.BUNDLE.name in page
