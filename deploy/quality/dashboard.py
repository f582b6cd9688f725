"""The dashboard's screens as its own links lead to them, measured against its table of routes."""

import re
import secrets
from collections import deque
from html import unescape

import httpx

from deploy.quality.no_show import NoShow
from services.site.admin.table import ROUTES, AdminRoute

SESSION = "pool_admin_session"
HREF = re.compile(r'\s(?:href|src|data-[a-z-]+)="(/admin/[^"]*)"')
"""Links, frames, and what a script fetches."""
TOKEN = re.compile(r"[?&]t=([A-Za-z0-9_-]+)")
OUTSIDE = "sign_in"
HTML = "text/html"
LOOKED_MAX = 400
RARE = frozenset({"campaigns.aside", "operations.parked", "operations.event", "settlement.refund"})
"""Screens that a link leads to only while something is wrong, or after a close: their own tests
make it so."""

PARTED = frozenset({"campaigns.edit", "settings.section"})
"""Rows whose keys are parts of one form: each part has links of its own."""


def sign_in(http: httpx.Client, admin_secret: str) -> str:
    """Invite a super and use their link; return the session's cookie, which `http` keeps too."""
    answer = http.post(
        "/admin/invitations",
        json={"email": f"gate-{secrets.token_hex(6)}@pool.example"},
        headers={"Authorization": f"Bearer {admin_secret}"},
    )
    answer.raise_for_status()
    token = TOKEN.search(str(answer.json()["signInUrl"]))
    if token is None:
        raise NoShow("an invitation has no link")
    entered = http.post("/admin/sign-in", data={"t": token[1]})
    cookie = entered.cookies.get(SESSION)
    if cookie is None:
        raise NoShow(f"nobody was signed in: {entered.status_code}")
    return cookie


def screens(http: httpx.Client, wanted_slug: str) -> dict[str, str]:
    """Return an address for every row of the table that shows a screen, by the row's name.

    Found by following links from the first screen on, as people do; of a campaign's screens
    those of `wanted_slug`. What is framed, or no page, is no screen. Raises `NoShow` for a
    screen that no link leads to.
    """
    found: dict[str, str] = {}
    files: set[str] = set()
    rows = [row for row in ROUTES if row.method == "GET" and row.name != OUTSIDE]
    waiting, seen, looked = deque(["/admin/"]), {"/admin/"}, 0
    while waiting and looked < LOOKED_MAX:
        path = waiting.popleft()
        row = _row_of(path, rows)
        if row is None or (row.name not in PARTED and wanted_slug in found.get(row.name, "")):
            continue
        # There may be hundreds of campaigns: of the others one is looked at, if any.
        if "{slug}" in row.path and row.name in found and wanted_slug not in path:
            continue
        looked += 1
        answer = http.get(path)
        if answer.status_code != httpx.codes.OK:
            raise NoShow(f"{path} answers {answer.status_code}")
        is_framed = "sandbox" in answer.headers["content-security-policy"]
        if is_framed or not answer.headers["content-type"].startswith(HTML):
            files.add(row.name)
            continue
        if row.name not in found or wanted_slug in path:
            found[row.name] = path
        for link in HREF.findall(answer.text):
            target = unescape(link).partition("#")[0]
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    missed = {row.name for row in rows if not _is_file(http, row)} - found.keys() - files - RARE
    if missed:
        raise NoShow(f"no link leads to {', '.join(sorted(missed))}")
    return found


def _is_file(http: httpx.Client, row: AdminRoute) -> bool:
    """Tell whether an address without parameters is no page, such as a sheet of styles."""
    if "{" in row.path:
        return False
    answer = http.get(row.path)
    return answer.is_success and not answer.headers["content-type"].startswith(HTML)


def _row_of(address: str, rows: list[AdminRoute]) -> AdminRoute | None:
    """Return the row that serves an address: of several the one with the fewest parameters."""
    path = address.partition("?")[0].rstrip("/") or "/"
    fitting = [row for row in rows if _pattern(row.path).fullmatch(path)]
    return min(fitting, key=lambda row: row.path.count("{"), default=None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
