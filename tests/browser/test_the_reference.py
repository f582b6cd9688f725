"""The HTTP reference in a browser: Scalar draws every route, and asks nobody but us."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from deploy.local.layout import ROOT
from deploy.quality.tools import ToolMissing
from deploy.reference import explorer

pytestmark = pytest.mark.timeout(300)

DRAWN_MS = 120_000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of what was asked."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[str]:
    """The page beside Scalar's bundle and the document, as the built site has them."""
    if shutil.which("npm") is None and not explorer.FOLDER.exists():
        pytest.skip("no npm here, and tests install nothing")
    (tmp_path / explorer.PAGE).parent.mkdir(parents=True)
    for name in (*explorer.FILES, explorer.PAGE.with_name("http.json")):
        shutil.copyfile(ROOT / name, tmp_path / name)
    try:
        explorer.put(tmp_path, print)
    except ToolMissing as exc:
        pytest.skip(f"no bundle to be had: {exc}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    serving.join()
    server.server_close()


def test_every_route_is_drawn_and_nobody_else_is_asked(browser: Browser, pages: str) -> None:
    document = json.loads((ROOT / "docs" / "reference" / "http.json").read_text(encoding="utf-8"))
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(pages + str(explorer.PAGE))
    first = page.get_by_text("/checkout-intent/start").first
    expect(first).to_be_visible(timeout=DRAWN_MS)
    shown = page.locator("body").inner_text()
    context.close()

    checkout = [path for path in document["paths"] if path.startswith("/checkout-intent/")]
    assert [path for path in checkout if path not in shown] == []
    assert [url for url in asked if not url.startswith((pages, "data:", "blob:"))] == []
    assert complaints == []
