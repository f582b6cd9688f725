"""The HTTP reference to click through: Scalar's own bundle, one file, beside our page.

`docs/reference/explorer.html` shows `http.json`. The bundle is nearly five megabytes of somebody
else's, so it is not kept here: npm's archive of exactly one version, by its checksum, without the
two hundred packages it was made from.
"""

import base64
import hashlib
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

from deploy.bench.figures import Say
from deploy.local.layout import ROOT
from deploy.quality.tools import ToolMissing, npm, run

LOCK = Path(__file__).with_name("scalar.json")
PAGE = Path("docs") / "reference" / "explorer.html"
FILES = (PAGE, PAGE.with_suffix(".js"))
BUNDLE = PAGE.with_name("scalar.js")
MEMBER = "package/dist/browser/standalone.js"
FOLDER = ROOT / ".pool" / "tools" / "scalar"


def put(site: Path, say: Say) -> None:
    """Put the bundle beside the page of a built site. Raises `ToolMissing` when it is not to be
    had."""
    shutil.copyfile(bundle(say), site / BUNDLE)


def bundle(say: Say) -> Path:
    """Return Scalar's one file in the locked version, fetched if it is not here yet."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    kept = FOLDER / f"{lock['version']}.js"
    if kept.exists():
        return kept
    say(f"fetching Scalar {lock['version']} from npm (once)")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        wanted = f"{lock['name']}@{lock['version']}"
        run([npm(say), "pack", "--ignore-scripts", "--silent", wanted], cwd=Path(scratch))
        (archive,) = Path(scratch).glob("*.tgz")
        unpacked = Path(scratch) / kept.name
        unpacked.write_bytes(member(archive.read_bytes(), archive, lock["integrity"]))
        # Whole or not at all: others may be building at this moment.
        unpacked.replace(kept)
    return kept


def member(content: bytes, archive: Path, integrity: str) -> bytes:
    """Return the bundle from an archive whose checksum is the lock's. Raises `ToolMissing`."""
    kind, _, wanted = integrity.partition("-")
    found = base64.b64encode(hashlib.new(kind, content).digest()).decode("ascii")
    if found != wanted:
        raise ToolMissing(f"{archive.name} is not what {LOCK.name} names: {kind}-{found}")
    with tarfile.open(archive) as opened:
        inside = opened.extractfile(MEMBER)
        if inside is None:
            raise ToolMissing(f"{archive.name} has no {MEMBER}")
        return inside.read()
