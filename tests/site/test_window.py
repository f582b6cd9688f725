"""What is read most is answered before the framework: the same answers, only sooner."""

from collections.abc import Callable
from typing import Any

import pytest
from litestar.types import HTTPScope, Message, Receive, Scope, Send

from contracts.refusals import NotFound
from services.site.door.front_door import Hosts
from services.site.door.headers import Policy
from services.site.door.ready import WINDOW, Ready
from services.site.door.window import Window
from tests.site.running import RunningSite, eventually, log_lines
from tests.site.samples import campaign

BASE = "http://pool.example"
PLAIN = [(b"host", b"pool.example"), (b"accept", b"text/html")]
READ = [
    "/",
    "/es/",
    "/about/",
    "/es/privacy/",
    "/cart/",
    "/manage/",
    "/campaigns/long-take/",
    "/es/campaigns/long-take/",
    "/live/long-take",
]


class Framework:
    """Stands behind the window: answers as a route of ours would, and counts."""

    def __init__(self, status: int = 200, *, is_marked: bool = True) -> None:
        self.status = status
        self.count = 0
        self.shown = 0
        self.opt = {WINDOW: is_marked}
        self.is_gone = False

    async def fn(self, scope: HTTPScope) -> Ready:
        self.shown += 1
        if self.is_gone:
            raise NotFound("not_found", "There is nothing here.")
        return Ready(200, {b"content-type": b"text/html"}, scope["path_params"]["slug"].encode())

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        self.count += 1
        routed: Any = scope
        routed["route_handler"] = self
        routed["path_params"] = {"slug": "one"}
        routed["path_template"] = "/films/{slug}/"
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def window(app: Framework) -> Window:
    policy = Policy(site_base=BASE, stripe_js_url="")
    return Window(app, policy=policy, hosts=Hosts(site_base=BASE, allowed="other.example"))


async def ask(before: Window, path: str = "/films/one/", **change: Any) -> list[Message]:
    """Ask as a server does; return what was sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("a read has no body")

    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": PLAIN,
        **change,
    }
    await before(scope, receive, send)
    return sent


async def test_an_address_is_answered_by_its_handler_from_the_second_read_on() -> None:
    app = Framework()
    before = window(app)

    await ask(before)
    start, body = await ask(before)

    assert (app.count, app.shown) == (1, 1)
    headers = dict(start["headers"])  # type: ignore[typeddict-item]
    assert body["body"] == b"one"  # type: ignore[typeddict-item]
    assert headers[b"content-type"] == b"text/html"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert len(headers[b"x-request-id"]) == 36


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"method": "POST"}, id="not a read"),
        pytest.param({"query_string": b"ref=a"}, id="a query"),
        pytest.param({"headers": [*PLAIN, (b"host", b"pool.example")]}, id="two hosts"),
        pytest.param({"headers": PLAIN[1:]}, id="no host"),
        pytest.param({"headers": [(b"host", b"other.example")]}, id="another name"),
        pytest.param({"headers": [*PLAIN, (b"content-length", b"0")]}, id="a length"),
        pytest.param({"headers": [*PLAIN, (b"transfer-encoding", b"chunked")]}, id="a body"),
        pytest.param({"headers": [*PLAIN, (b"cookie", b"x" * 20_000)]}, id="large headers"),
        pytest.param({"raw_path": b"/films/%6fne/"}, id="written otherwise"),
    ],
)
async def test_whatever_is_unusual_goes_the_whole_way(change: dict[str, Any]) -> None:
    app = Framework()
    before = window(app)
    await ask(before)

    await ask(before, **change)

    assert (app.count, app.shown) == (2, 0)


@pytest.mark.parametrize(
    "make",
    [lambda: Framework(404), lambda: Framework(503), lambda: Framework(is_marked=False)],
    ids=["nothing there", "not yet", "another kind of route"],
)
async def test_only_what_was_there_is_remembered(make: Callable[[], Framework]) -> None:
    app = make()
    before = window(app)

    await ask(before)
    await ask(before)

    assert (app.count, app.shown) == (2, 0)


async def test_what_is_gone_is_refused_by_those_who_find_the_words() -> None:
    app = Framework()
    before = window(app)
    await ask(before)
    app.is_gone = True

    sent = await ask(before)

    assert (app.count, app.shown) == (2, 1)
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("path", READ)
async def test_the_second_answer_is_the_first(one_film: RunningSite, path: str) -> None:
    # A name that is not the public one is never answered at the window.
    port = one_film.url.rpartition(":")[2]
    slow = {"host": f"localhost:{port}"}
    for headers in ({}, {"accept-encoding": "gzip"}, {"accept-encoding": "identity"}):
        for method in ("GET", "HEAD"):
            await one_film.http.request(method, path, headers=headers)
            there = await one_film.http.request(method, path, headers=headers)
            whole = await one_film.http.request(method, path, headers={**headers, **slow})

            assert there.status_code == whole.status_code == 200
            assert _same(there.headers) == _same(whole.headers)
            if not path.startswith("/live/"):
                assert there.content == whole.content
            assert len(there.headers.get_list("x-request-id")) == 1
            tag = there.headers.get("etag")
            if tag:
                given = {**headers, "if-none-match": tag}
                kept = await one_film.http.request(method, path, headers=given)
                other = await one_film.http.request(method, path, headers={**given, **slow})
                assert kept.status_code == other.status_code == 304
                assert _same(kept.headers) == _same(other.headers)


def _same(headers: Any) -> dict[str, str]:
    passing = ("x-request-id", "date")
    return {name: value for name, value in headers.items() if name not in passing}


async def test_every_read_has_its_line_and_is_counted(one_film: RunningSite) -> None:
    before = _count(await _metrics(one_film))
    for number in range(3):
        await one_film.http.get("/about/", headers={"x-request-id": f"a-read-of-mine-{number}"})

    def lines() -> list[dict[str, Any]]:
        return [
            line
            for line in log_lines(one_film)
            if str(line.get("request_id")).startswith("a-read-of-mine-")
        ]

    await eventually(lambda: len(lines()) == 3, what=one_film.log)
    for line in lines():
        assert (line["event"], line["method"], line["route"]) == ("request", "GET", "/about")
        assert (line["status"], line["level"], line["service"]) == (200, "info", "site")
        assert 0 <= line["ms"] < 10_000
        assert str(line["timestamp"]).endswith("Z")
    assert _count(await _metrics(one_film)) - before == 3


async def _metrics(site: RunningSite) -> str:
    return (await site.http.get("/metrics")).text


def _count(metrics: str) -> float:
    wanted = 'http_request_seconds_count{method="GET",route="/about",status="200"}'
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if wanted in line)


async def test_a_film_that_is_taken_back_is_gone_at_once(one_film: RunningSite) -> None:
    film, paths = one_film.content / "brief.md", ("/campaigns/brief/", "/live/brief")
    film.write_text(campaign("brief"))
    await one_film.publish()
    for path in (*paths, *paths):
        assert (await one_film.http.get(path)).status_code == 200

    film.write_text(campaign("brief", more="published: false"))
    await one_film.publish()

    for path in (*paths, *paths):
        assert (await one_film.http.get(path)).status_code == 404
