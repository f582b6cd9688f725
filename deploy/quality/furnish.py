"""Something to see on every screen of the dashboard, made as people make it: through its forms."""

import io
import re
from typing import Any

import httpx
from PIL import Image

from deploy.quality.no_show import NoShow

CSRF = re.compile(r'name="csrf" value="([A-Za-z0-9_-]+)"')
REVISION = re.compile(r'name="revision" value="(\d+)"')
AUDIENCE = re.compile(r'name="audience" value="([0-9a-f]+)"')
SEE_OTHER = 303


def furnish(http: httpx.Client, slug: str) -> None:
    """Keep a link, upload a picture, send an announcement and write another one."""
    _post(http, f"/admin/marketing/{slug}/", f"/admin/marketing/{slug}", referrer="Ada Lovelace")
    picture = io.BytesIO()
    Image.new("RGB", (640, 360), (10, 90, 105)).save(picture, "PNG")
    _post(
        http,
        f"/admin/media/{slug}/",
        f"/admin/media/{slug}/upload",
        files={"file": ("slope.png", picture.getvalue(), "image/png")},
        alt="A slope",
    )
    _write(http, slug, "The first frames are in")
    audience = _found(AUDIENCE, http.get(f"/admin/blast/{slug}/check/").text)
    _post(http, f"/admin/blast/{slug}/check/", f"/admin/blast/{slug}/send", audience=audience)
    _write(http, slug, "Last call")


def _write(http: httpx.Client, slug: str, subject: str) -> None:
    page = f"/admin/blast/{slug}/"
    _post(
        http,
        page,
        f"/admin/blast/{slug}",
        revision=_found(REVISION, http.get(page).text),
        subject=subject,
        body="## Friday\n\n- is **the** day",
        do="save",
    )


def _post(http: httpx.Client, page: str, path: str, *, files: Any = None, **form: str) -> None:
    """Send a form with its session's value, as the page it stands on has it."""
    csrf = _found(CSRF, http.get(page).text)
    answer = http.post(path, data={"csrf": csrf, **form}, files=files)
    if answer.status_code != SEE_OTHER:
        raise NoShow(f"{path} answers {answer.status_code}")


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise NoShow(f"a screen has no {pattern.pattern}")
    return match[1]
