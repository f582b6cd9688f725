"""The gateway: who may ask, what is passed on, and what happens when nobody answers."""

import asyncio
import gzip
import json
from urllib.parse import urlsplit

import httpx
import pytest

from contracts.routes import ROUTES, Route
from tests.site.running import Behind, RunningSite, path_of

START = "/checkout-intent/start"
PLEDGE = "/pledge"
REPORT = "/admin/reports/campaign-runner.csv"
Shared = tuple[RunningSite, Behind]


@pytest.fixture
def site(shared: Shared) -> RunningSite:
    return shared[0]


@pytest.fixture
def services(shared: Shared) -> Behind:
    shared[1].forget()
    return shared[1]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_every_route_of_the_table_reaches_its_owner(
    site: RunningSite, services: Behind, route: Route
) -> None:
    method, path = route.method, path_of(route.path)

    answer = await site.http.request(method, f"{path}?a=1&b=%2F", headers=site.admin)

    assert answer.status_code == 200, answer.text
    assert (services.heard[-1].method, services.heard[-1].target) == (method, f"{path}?a=1&b=%2F")


async def test_a_body_is_passed_on_byte_for_byte(site: RunningSite, services: Behind) -> None:
    body = b'{"a": 1,\r\n "a":2, "\\ud83d": "\xc3\xa9"}\x00'
    headers = {"content-type": "application/json; charset=utf-8", "stripe-signature": "t=1,v1=a"}

    await site.http.post("/webhooks/stripe", content=body, headers=headers)

    heard = services.heard[-1]
    assert heard.body == body
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    assert heard.headers["stripe-signature"] == "t=1,v1=a"


async def test_what_resend_signed_with_is_passed_on(site: RunningSite, services: Behind) -> None:
    signed = {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1,a"}

    await site.http.post("/webhooks/resend", content=b"{}", headers=signed)

    assert signed.items() <= dict(services.heard[-1].headers).items()


async def test_headers_are_built_anew(site: RunningSite, services: Behind) -> None:
    forged = {
        "x-pool-gateway": "forged",
        "x-pool-client": "9.9.9.9",
        "x-forwarded-for": "9.9.9.9",
        "x-request-id": "abcdefgh-1",
        "connection": "keep-alive, x-secret",
        "x-secret": "1",
        "cookie": "a=b",
        "idempotency-key": "k1",
    }

    answer = await site.http.get("/stats/long-take", headers=forged)

    heard = services.heard[-1].headers
    assert heard["x-pool-gateway"] == "gateway-" + "s" * 32
    assert heard["x-pool-client"] == "127.0.0.1"
    assert heard["x-request-id"] == answer.headers["x-request-id"] == "abcdefgh-1"
    assert heard["idempotency-key"] == "k1"
    assert not {"x-forwarded-for", "x-secret", "cookie"} & set(heard)


async def test_an_answer_comes_back_as_it_was(site: RunningSite, services: Behind) -> None:
    services.status = 409
    services.answer = b'{"error":"sold_out","message":"None left."}'
    services.headers = {
        "content-type": "application/json",
        "cache-control": "private, no-store",
        "set-cookie": "a=b",
        "server": "inner/1.0",
        "x-inner": "1",
    }

    answer = await site.http.post(START, json={})

    assert answer.status_code == 409
    assert answer.content == services.answer
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not {"set-cookie", "server", "x-inner"} & set(answer.headers)


async def test_a_body_over_its_limit_is_refused_before_it_is_read(
    site: RunningSite, services: Behind
) -> None:
    at_limit = await site.http.post("/pledge/cancel", content=b"x" * 16 * 1024)
    over = await site.http.post("/pledge/cancel", content=b"x" * (16 * 1024 + 1))
    larger = await site.http.post(START, content=b"x" * 64 * 1024)

    async def chunks() -> object:
        for _ in range(40):
            yield b"x" * 1024

    chunked = await site.http.post("/pledge/cancel", content=chunks())  # type: ignore[arg-type]

    assert [at_limit.status_code, over.status_code, larger.status_code] == [200, 413, 200]
    assert chunked.status_code == 413
    assert over.json()["error"] == "too_large"
    assert len(services.heard) == 2


async def test_a_promised_length_is_refused_without_waiting_for_it(site: RunningSite) -> None:
    port = urlsplit(site.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = site.url.removeprefix("http://")
    writer.write(
        f"POST /pledge/cancel HTTP/1.1\r\nHost: {host}\r\nOrigin: {site.url}\r\n"
        "Content-Length: 999999\r\n\r\n{".encode()
    )

    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()

    assert b" 413 " in status


async def test_compressed_bodies_are_refused(site: RunningSite, services: Behind) -> None:
    answer = await site.http.post(
        START, content=gzip.compress(b"{}"), headers={"content-encoding": "gzip"}
    )

    assert answer.status_code == 415
    assert services.heard == []


async def test_an_owner_that_is_away_is_said_so(site: RunningSite, services: Behind) -> None:
    services.hangs_up = 99

    read = await site.http.get(PLEDGE)
    wrote = await site.http.post(START, json={})

    assert (read.status_code, wrote.status_code) == (503, 503)
    assert read.json()["error"] == "unavailable"
    assert int(read.headers["retry-after"]) > 0
    # Asked again because it only reads (a pooled connection may cost one try more); the
    # other could have been done.
    methods = [heard.method for heard in services.heard]
    assert 2 <= methods.count("GET") <= 4
    assert methods.count("POST") == 1


async def test_a_read_survives_one_lost_connection(site: RunningSite, services: Behind) -> None:
    services.hangs_up = 1

    answer = await site.http.get(PLEDGE)

    assert answer.status_code == 200


async def test_an_owner_that_takes_too_long_is_said_so(site: RunningSite, services: Behind) -> None:
    services.wait_seconds = 60

    answer = await site.http.post("/pledge/cancel", json={}, timeout=20)

    assert answer.status_code == 504
    assert answer.json()["error"] == "upstream_timeout"


async def test_redirects_of_an_owner_are_not_followed(site: RunningSite, services: Behind) -> None:
    services.status = 302
    services.headers = {"location": "http://127.0.0.1:1/inner"}

    answer = await site.http.get(PLEDGE)

    assert answer.status_code == 302
    assert len(services.heard) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", START, 405),
        ("POST", "/pledge", 405),
        ("PUT", "/pledge/cancel", 405),
        ("DELETE", "/stats/long-take", 405),
        ("GET", "/nothing/here", 404),
        ("POST", "/nothing/here", 404),
        ("GET", "/stats/..%2fadmin", 404),
        ("GET", "/stats/%2e%2e", 404),
        ("GET", "/stats/a%00b", 404),
        ("GET", "/stats//long-take", 404),
        ("GET", "/stats/a%5cb", 404),
        ("TRACE", "/", 405),
    ],
)
async def test_odd_requests_get_exact_answers(
    site: RunningSite, services: Behind, method: str, path: str, status: int
) -> None:
    answer = await site.http.request(method, path)

    assert answer.status_code == status
    assert set(answer.json()) >= {"error", "message"}
    assert services.heard == []


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        pytest.param("/?" + "a" * 5_000, {}, 414, id="long address"),
        pytest.param("/?" + "&".join(f"a{n}=1" for n in range(100)), {}, 400, id="parameters"),
        pytest.param("/", {"x-large": "a" * 20_000}, 431, id="headers"),
        pytest.param("/", {"host": "evil.example"}, 400, id="foreign host"),
        pytest.param("/", {"host": "127.0.0.1.evil.example"}, 400, id="our host as a prefix"),
        pytest.param("/", {"host": "localhost:1"}, 200, id="another name of this machine"),
    ],
)
async def test_immodest_requests_are_refused(
    site: RunningSite, target: str, headers: dict[str, str], status: int
) -> None:
    answer = await site.http.get(target, headers=headers)

    assert answer.status_code == status


async def raw(site: RunningSite, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(site.url).port)
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(65_536), 5)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("GET / HTTP/1.0\r\n\r\n", id="no host"),
        pytest.param("GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n", id="two hosts"),
        pytest.param(
            "POST /pledge/cancel HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two lengths",
        ),
    ],
)
async def test_ambiguous_requests_are_refused(
    site: RunningSite, services: Behind, lines: str
) -> None:
    answer = await raw(site, lines.replace("HOST", site.url.removeprefix("http://")))

    assert answer.split(b" ")[1] == b"400", answer
    assert services.heard == []


async def test_health_is_shown_to_probes_and_to_nobody_who_comes_through_a_proxy(
    site: RunningSite,
) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await site.http.get(path)).status_code == 200
        forwarded = await site.http.get(path, headers={"x-forwarded-for": "203.0.113.9"})
        assert forwarded.status_code == 404


async def test_a_refusal_is_json_with_every_header(site: RunningSite) -> None:
    answer = await site.http.post("/nothing", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert json.loads(answer.content)["error"] == "not_found"
    for name in ("content-security-policy", "x-content-type-options", "x-request-id"):
        assert name in answer.headers


async def test_a_report_is_passed_on_however_long_it_is(
    site: RunningSite, services: Behind
) -> None:
    services.headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="a.csv"',
    }
    # More than an answer may have that is held in memory as a whole.
    services.answer = b"a,b\r\n" * 4_000_000

    size = 0
    async with site.http.stream("GET", REPORT, headers=site.admin) as answer:
        async for part in answer.aiter_bytes():
            size += len(part)

    assert size == len(services.answer)
    assert answer.headers["content-disposition"] == 'attachment; filename="a.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_report_that_is_refused_is_an_answer_like_any_other(
    site: RunningSite, services: Behind
) -> None:
    services.queue = [(404, {"error": "not_found"})]

    refused = await site.http.get(REPORT, headers=site.admin)
    unasked = await site.http.get(REPORT)

    assert (refused.status_code, refused.json()["error"]) == (404, "not_found")
    assert unasked.status_code == 401


async def test_a_report_that_breaks_off_is_not_taken_for_a_whole_one(
    site: RunningSite, services: Behind
) -> None:
    services.answer = b"a,b\r\n" * 100_000
    services.breaks_after = 300_000

    with pytest.raises(httpx.RemoteProtocolError):
        await site.http.get(REPORT, headers=site.admin)
