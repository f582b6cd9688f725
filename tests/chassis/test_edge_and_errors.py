"""What every service answers, and to whom: over HTTP, from a running process."""

import re

import httpx
import pytest

from tests.chassis.process import TOY, Toy

SHAPE = {"error", "message"}


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("g" * 39, id="almost"),
        pytest.param("g" * 41, id="more"),
    ],
)
async def test_without_the_gateways_secret_there_is_nothing(toy: Toy, secret: str | None) -> None:
    headers = {} if secret is None else {"x-pool-gateway": secret}
    async with httpx.AsyncClient(base_url=toy.http.base_url) as stranger:
        answers = [
            await stranger.get(path, headers=headers) for path in ("/pages/1", "/no/such/path", "/")
        ]
        health = [await stranger.get(path) for path in ("/livez", "/readyz", "/metrics")]

    assert {(answer.status_code, answer.text) for answer in answers} == {
        (404, '{"error":"not_found","message":"There is nothing here."}')
    }
    assert [answer.status_code for answer in health] == [200, 200, 200]


async def test_a_request_keeps_its_id_or_gets_one(toy: Toy) -> None:
    given = toy.http.get("/pages/1", headers={"X-Request-ID": "abc-12345678"})
    odd = toy.http.get("/pages/1", headers={"X-Request-ID": "a b\tc"})
    none = toy.http.get("/pages/1")

    assert given.headers["x-request-id"] == "abc-12345678"
    for answer in (odd, none):
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


async def test_every_error_has_the_one_shape(toy: Toy) -> None:
    good = {"whatIsSaid": "hello"}
    cases = {
        (409, "sold_out"): toy.http.post("/refuse"),
        (429, "slow_down"): toy.http.post("/too-many"),
        (500, "internal_error"): toy.http.post("/bug"),
        (404, "not_found"): toy.http.get("/no/such/path"),
        (405, "method_not_allowed"): toy.http.delete("/refuse"),
        (400, "invalid_json"): toy.http.post(
            "/say/x", content=b"{", headers={"content-type": "application/json"}
        ),
        (400, "invalid_input"): toy.http.post("/say/x", json={**good, "howOften": "7"}),
        (415, "unsupported_media_type"): toy.http.post("/say/x", data=good),
        (413, "too_large"): toy.http.post("/say/x", json={"whatIsSaid": "x" * 20_000}),
    }

    for (status, reason), answer in cases.items():
        body = answer.json()
        assert (answer.status_code, body["error"]) == (status, reason)
        assert set(body) >= SHAPE
        assert body["message"]
        assert answer.headers["x-request-id"]
    assert cases[(409, "sold_out")].json()["remaining"] == 0
    assert cases[(429, "slow_down")].headers["retry-after"] == "7"
    assert "howOften" in cases[(400, "invalid_input")].json()["fields"]
    assert "hunter2" not in cases[(500, "internal_error")].text
    assert cases[(409, "sold_out")].headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/pages/one", "/pages/1e3", "/pages/-", "/pages/9" + "9" * 5_000])
async def test_an_odd_path_is_no_fault_of_ours(toy: Toy, path: str) -> None:
    assert toy.http.get(path).status_code in (400, 404, 414)


async def test_logs_carry_the_request_and_no_secret(toy: Toy) -> None:
    toy.http.post("/say/canary-key?t=canary-query", json={"whatIsSaid": "canary-body"})
    toy.http.post("/bug", headers={"Authorization": "Bearer canary-token"})
    toy.http.get("/pages/1", headers={"X-Request-ID": "seen-in-the-log"})

    code, log = toy.stop()

    assert code == 0
    assert '"request_id":"seen-in-the-log"' in log.replace(": ", ":")
    assert "/say/{key}" in log or "/say/{key:str}" in log
    for canary in ("canary-key", "canary-query", "canary-body", "canary-token", TOY):
        assert canary not in log


async def test_the_metrics_name_routes_and_not_paths(toy: Toy) -> None:
    toy.http.get("/pages/12345")
    toy.http.get("/no/such/path/12345")

    metrics = toy.http.get("/metrics").text

    assert "12345" not in metrics
    assert 'route="unmatched"' in metrics
