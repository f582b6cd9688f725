"""Settings as somebody wrote them into a `.env` file."""

from pathlib import Path


class SettingsRefused(Exception):
    """The settings describe something `./pool up` must not or cannot run."""

    code = 2


def read_env_file(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of a `.env` file, comments and quotes removed."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise SettingsRefused(f"{path}:{number}: expected NAME=value")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    quote_mark = value[:1]
    if quote_mark and quote_mark in "'\"" and quote_mark in value[1:]:
        return value[1:].partition(quote_mark)[0]
    return value.partition(" #")[0].rstrip()
