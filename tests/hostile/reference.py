"""The public API as an OpenAPI document, and a page for people.

python -m tests.hostile.reference writes docs/reference/http.json and http.md anew. It is the
description that hostile requests are made from, with what the gateway adds: who may ask, how
much, how often.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.routes import ROUTES, Route
from tests.hostile.description import describe

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
FILE = FOLDER / "http.json"
PAGE = FOLDER / "http.md"
WHO = {
    "public": "anybody",
    "browser": "our own pages: the site's origin, and no other",
    "admin": "operators: `Authorization: Bearer $ADMIN_SECRET`",
    "webhook": "the vendor, by its signature",
}
BEARER = {"type": "http", "scheme": "bearer", "description": "ADMIN_SECRET."}


def document() -> dict[str, Any]:
    """Return the description with what the gateway's table says of each route."""
    made = describe()
    made["info"] = {
        "title": "The Pool",
        "version": "1",
        "description": "All through the site. JSON in and out, unknown fields refused. Errors are"
        ' {"error": "machine_code", "message": "for a person"}, with `fields` where input was'
        " wrong.",
        "license": {"name": "Apache-2.0"},
    }
    made["servers"] = [{"url": "https://pool.example"}]
    made["components"].setdefault("securitySchemes", {})["operator"] = BEARER
    for route in ROUTES:
        operation = made["paths"][route.path][route.method.lower()]
        operation["tags"] = [route.owner]
        operation["x-access"] = route.access
        operation["x-body-bytes-max"] = route.body_max
        operation["x-failures-per-minute"] = route.failures_per_minute
        if route.access == "admin":
            operation["security"] = [{"operator": []}]
    return made


def text() -> str:
    """Return the document's file."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def page() -> str:
    """Return the page."""
    made = document()
    lines = [
        "# HTTP",
        "",
        "Every route of the public API, through the site. JSON in and out; what a body has that we"
        " do not know is refused. Errors are"
        ' `{"error": "machine_code", "message": "for a person"}`,'
        " with `fields` where input was wrong: 400 malformed, 401 no or bad secret or link, 403 not"
        " yours, 404 unknown, 409 the state says no, 413, 415, 429 and 503 with `Retry-After`."
        " [The document](http.json) is OpenAPI 3.1, with every body."
        " [To click through](explorer.html) on the built site.",
        "",
        "Made by `python -m tests.hostile.reference` from the services' own types; `failures` are"
        " those an address may have in a minute, successes are not counted.",
    ]
    for owner in dict.fromkeys(route.owner for route in ROUTES):
        lines += ["", f"## {owner}", "", "| route | who may ask | takes | answers | failures |"]
        lines += ["| --- | --- | --- | --- | --- |", *_rows(owner, made)]
    return "\n".join(lines) + "\n"


def _rows(owner: str, made: dict[str, Any]) -> Iterator[str]:
    for route in ROUTES:
        if route.owner == owner:
            yield _row(route, made["paths"][route.path][route.method.lower()])


def _row(route: Route, operation: dict[str, Any]) -> str:
    good = next(each for code, each in operation["responses"].items() if code < "300")
    takes = _shape(operation.get("requestBody", {}))
    if route.method == "POST":
        takes = f"{takes} ({route.body_max // 1024} KiB)".strip()
    limit = "" if route.failures_per_minute is None else str(route.failures_per_minute)
    who = WHO[route.access]
    return f"| `{route.method} {route.path}` | {who} | {takes} | {_shape(good)} | {limit} |"


def _shape(part: dict[str, Any]) -> str:
    """Return the name of a body's schema in the document; empty when it has none."""
    for kind, each in part.get("content", {}).items():
        named = str(each.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        return f"`{named}`" if named else f"`{kind}`"
    return ""


def main() -> int:
    """Write both files."""
    FILE.write_text(text(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
