"""The documents as a site, and whether every link in them leads somewhere.

python -m deploy.reference.documents [--folder DIR]

Pages stay where they are read in the repository: what the site is made of is gathered with the
same paths, so that a link works in both.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from deploy.local.layout import ROOT
from deploy.quality.tools import ToolMissing
from deploy.reference import explorer

CONFIG = ROOT / "zensical.toml"
BUILD_SECONDS = 300
LINK = re.compile(r"(?<!\\)!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^(?:```|~~~)[^\n]*\n(.*?)^(?:```|~~~)|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages() -> list[Path]:
    """Return every page of ours: all Markdown that is kept, but for films and hostile samples."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    found = [Path(name) for name in names if not name.startswith(("campaigns/", "tests/"))]
    return sorted(each for each in found if (ROOT / each).exists())


def links(text: str) -> Iterator[str]:
    """Yield where a page's links lead; what stands in code is no link."""
    for found in LINK.finditer(SPAN.sub("", FENCE.sub("", text))):
        yield found[1]


def anchors(text: str) -> set[str]:
    """Return the places of a page that a link may name, as hosts of repositories make them."""
    found: dict[str, int] = {}
    names = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return names


def broken(root: Path, listed: list[Path]) -> Iterator[str]:
    """Yield every link that leads nowhere, with its page."""
    texts = {each: (root / each).read_text(encoding="utf-8") for each in listed}
    for page, text in texts.items():
        for link in links(text):
            if ELSEWHERE.match(link):
                continue
            path, _, place = unquote(link).partition("#")
            target = (root / page.parent / path).resolve() if path else (root / page)
            if not target.exists() or not target.is_relative_to(root.resolve()):
                yield f"{page}: {link} is not there"
            elif place and target.suffix == ".md":
                named = anchors(target.read_text(encoding="utf-8"))
                if place not in named:
                    yield f"{page}: {link} names no heading of that page"


def navigation() -> Any:
    """Return the site's own list of pages, as it is configured."""
    return tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["nav"]


def listed_in(navigation: Any) -> Iterator[str]:
    """Yield the pages of a navigation, however deep."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, dict):
        for each in navigation.values():
            yield from listed_in(each)
    else:
        for each in navigation:
            yield from listed_in(each)


def gather(folder: Path) -> None:
    """Copy every page, and whatever else of the repository one of them links to."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = pages()
    wanted = set(listed)
    for page in listed:
        for link in links((ROOT / page).read_text(encoding="utf-8")):
            path = unquote(link).partition("#")[0]
            target = (ROOT / page.parent / path).resolve()
            if path and not ELSEWHERE.match(link) and target.is_file():
                wanted.add(target.relative_to(ROOT.resolve()))
    for each in sorted(wanted | set(explorer.FILES)):
        target = folder / each
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / each, target)


def build(folder: Path) -> Path:
    """Build the site beneath `folder`; return where it is. Raises what the builder says."""
    gather(folder / "pages")
    config = CONFIG.read_text(encoding="utf-8")
    (folder / "zensical.toml").write_text(config, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    named: Path = folder / tomllib.loads(config)["project"]["site_dir"]
    return named


def main(arguments: list[str]) -> int:
    """Check the links, and build; 1 when one leads nowhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / ".pool" / "documents")
    options = parser.parse_args(arguments)
    wrong = list(broken(ROOT, pages()))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    site = build(options.folder)
    try:
        explorer.put(site, lambda text: print(text, file=sys.stderr))
    except ToolMissing as exc:
        print(f"{site}, without the HTTP reference to click through: {exc}")
        return 1
    print(site)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
