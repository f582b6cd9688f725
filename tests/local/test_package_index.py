"""The bootstrap's view of a package index: its settings, its page, its hashes."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local.package_index import (
    PYPI,
    IndexFault,
    IndexSettings,
    Link,
    download,
    links,
    parse,
    settings,
)

WHEEL = b"the bytes of a wheel"
DIGEST = hashlib.sha256(WHEEL).hexdigest()
PAGE = f"""<!DOCTYPE html><html><body><h1>Links for uv</h1>
<a href="../../files/uv-0.13.8-py3-none-any.whl#sha256={DIGEST}">uv-0.13.8-py3-none-any.whl</a>
<a href="/files/uv-0.13.7-py3-none-any.whl#sha256={"0" * 64}" data-yanked="broken">older</a>
<a href="/files/uv-0.13.6-py3-none-any.whl#md5=abc" data-requires-python="&gt;=3.8">oldest</a>
<a name="no link">nothing</a></body></html>"""


class _Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        body = {"/simple/uv/": PAGE.encode()}.get(self.path, WHEEL)
        if self.path.startswith("/simple/") and self.path != "/simple/uv/":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Index)
    running.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def _index(server: ThreadingHTTPServer, login: str = "") -> IndexSettings:
    return IndexSettings(f"http://{login}127.0.0.1:{server.server_port}/simple")


def test_a_page_gives_names_addresses_hashes_and_what_was_withdrawn() -> None:
    found = parse(PAGE, "https://index.example/root/simple/uv/")

    assert [each.filename for each in found] == [
        "uv-0.13.8-py3-none-any.whl",
        "uv-0.13.7-py3-none-any.whl",
        "uv-0.13.6-py3-none-any.whl",
    ]
    assert found[0].url == "https://index.example/root/files/uv-0.13.8-py3-none-any.whl"
    assert [each.sha256 for each in found] == [DIGEST, "0" * 64, ""]
    assert [each.is_yanked for each in found] == [False, True, False]


def test_a_file_is_fetched_and_its_hash_is_checked(server: ThreadingHTTPServer) -> None:
    index = _index(server)

    assert download(index, links(index, "uv")[0]) == WHEEL


def test_a_file_with_another_hash_is_refused(server: ThreadingHTTPServer) -> None:
    index = _index(server)
    wheel = replace(links(index, "uv")[0], sha256="f" * 64)

    with pytest.raises(IndexFault, match="sha256 differs"):
        download(index, wheel)


def test_a_file_without_a_hash_is_refused_before_it_is_fetched(server: ThreadingHTTPServer) -> None:
    with pytest.raises(IndexFault, match="no sha256"):
        download(_index(server), Link("uv.whl", "http://127.0.0.1:9/uv.whl", ""))


def test_an_unknown_package_and_a_dead_index_are_faults(server: ThreadingHTTPServer) -> None:
    with pytest.raises(IndexFault, match="404"):
        links(_index(server), "nothing")
    with pytest.raises(IndexFault, match="cannot be read"):
        links(IndexSettings("http://127.0.0.1:9/simple"), "uv")


def test_a_login_in_the_address_is_sent_and_never_shown(server: ThreadingHTTPServer) -> None:
    index = _index(server, login="ada:s%40cret@")
    links(index, "uv")

    with pytest.raises(IndexFault) as refused:
        links(index, "nothing")

    login = "Basic " + base64.b64encode(b"ada:s@cret").decode()
    assert server.seen[0] == ("/simple/uv/", login)  # type: ignore[attr-defined]
    assert "cret" not in str(refused.value)


def test_a_folder_can_be_an_index(tmp_path: Path) -> None:
    (tmp_path / "simple" / "uv").mkdir(parents=True)
    (tmp_path / "simple" / "uv" / "index.html").write_text(PAGE)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "uv-0.13.8-py3-none-any.whl").write_bytes(WHEEL)
    index = settings({"PIP_INDEX_URL": (tmp_path / "simple").as_uri(), "HOME": str(tmp_path)})

    assert download(index, links(index, "uv")[0]) == WHEEL


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        pytest.param({}, PYPI, id="nothing set"),
        pytest.param({"PIP_INDEX_URL": "https://a/simple/"}, "https://a/simple", id="pip's"),
        pytest.param(
            {"PIP_INDEX_URL": "https://a/simple", "UV_INDEX_URL": "https://b/simple"},
            "https://b/simple",
            id="uv's first",
        ),
        pytest.param({"UV_DEFAULT_INDEX": "own=https://c/simple"}, "https://c/simple", id="named"),
    ],
)
def test_the_index_is_the_configured_one(environ: dict[str, str], url: str, tmp_path: Path) -> None:
    found = settings({**environ, "HOME": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"})

    assert found.url == url
    assert found.is_default == (url == PYPI)


def test_pips_own_file_is_read_when_nothing_is_set(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text("[global]\nindex-url = https://d/simple/\ncert = /ca.pem\n")

    assert settings({"HOME": str(tmp_path)}) == IndexSettings("https://d/simple", "/ca.pem")
