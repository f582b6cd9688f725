"""The health check: 0 for 200, 1 for anything else, within its time."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from services.chassis import probe


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the status its path asks for."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(int(self.path[1:]))
        self.end_headers()
        self.wfile.write(b'{"ready": true}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1), (302, 1)])
def test_only_200_is_well(url: str, status: int, code: int) -> None:
    assert probe.main([f"{url}/{status}"]) == code


def test_nobody_there_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(["http://127.0.0.1:1/readyz"]) == 1
    assert "no answer" in capsys.readouterr().err


def test_without_an_address_it_asks_this_container(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LISTEN_PORT", "1")

    assert probe.main([]) == 1
    assert "no answer" in capsys.readouterr().err
