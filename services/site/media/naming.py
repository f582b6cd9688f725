"""What uploaded files are called: by their bytes, so that a name never means another file. Pure."""

import re
from pathlib import PurePath

import msgspec

FOLDER = "uploads"
NAME = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{3,4}")
NAMED = re.compile(rf"{FOLDER}/([0-9a-f]{{32}}\.[a-z0-9]{{3,4}})")
LABEL_MAX = 120


def name_of(digest: str, suffix: str) -> str:
    """Return a file's name from the SHA-256 of its bytes, in hex.

    >>> name_of("ab" * 32, ".webp")
    'abababababababababababababababab.webp'
    """
    return f"{digest[:32]}{suffix}"


def variant_of(name: str, width: int) -> str:
    """Return what a picture is called in another width.

    >>> variant_of("abab.webp", 320)
    'abab-320.webp'
    """
    path = PurePath(name)
    return f"{path.stem}-{width}.webp"


def written(name: str) -> str:
    """Return the path that a campaign file has of an uploaded file."""
    return f"media/{FOLDER}/{name}"


def label_of(file_name: str) -> str:
    """Return what people call a file they send: its own name, without folders and oddities.

    >>> label_of("C:\\\\films\\\\On the  set.JPG")
    'On the set.JPG'
    """
    last = re.split(r"[/\\]", file_name)[-1]
    clean = "".join(each for each in last if each.isprintable())
    return " ".join(clean.split())[:LABEL_MAX]


def file_size(count: int) -> str:
    """Return how large a file is; `count` in bytes.

    >>> file_size(1_400_000), file_size(900)
    ('1.4 MB', '1 KB')
    """
    if count < 1_000_000:
        return f"{max(1, round(count / 1_000))} KB"
    return f"{count / 1_000_000:.1f} MB"


def uses(document: object) -> dict[str, list[str]]:
    """Return where a document names uploaded files: by name the paths of its fields.

    `document` is what JSON can say, or a struct.
    """
    found: dict[str, list[str]] = {}
    _look(msgspec.to_builtins(document), "", found)
    return found


def _look(value: object, path: str, found: dict[str, list[str]]) -> None:
    if isinstance(value, str):
        for name in dict.fromkeys(NAMED.findall(value)):
            found.setdefault(name, []).append(path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _look(inner, f"{path}.{key}" if path else str(key), found)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _look(inner, f"{path}[{number}]", found)
