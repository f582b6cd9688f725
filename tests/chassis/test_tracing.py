"""Traces: off, they cost nothing; on, one goes through HTTP, the bus and to Stripe."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contracts.events.settlement import ChargeDue
from contracts.ids import CampaignSlug, ChargeId, EventId
from services.chassis.events import outbox, spans
from services.chassis.events.parked import Letter
from services.chassis.process import telemetry, tracing
from services.chassis.stripe.client import StripeClient
from services.chassis.web.edge import Edge
from services.site.door.upstream import Upstream

SECRET = b"gateway-secret-of-these-tests-32b"
TOLD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
EVENT = ChargeDue(
    event_id=EventId("e-1"),
    occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    charge_id=ChargeId("c-1"),
    campaign=CampaignSlug("one-roll"),
)


@pytest.fixture
def seen() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)
    provider.shutdown()


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [each for each in exporter.get_finished_spans() if each.name == name]
    return found


def context_of(each: ReadableSpan) -> Any:
    assert each.context is not None
    return each.context


def entry() -> outbox.Entry:
    return outbox.Entry(event=EVENT, key="one-roll", aggregate="c-1", version=1)


def a_letter(headers: dict[str, str], *, deliveries: int = 1) -> Letter:
    return Letter("charges.due.one-roll", "e-1", "c-1", 1, b"", headers, deliveries)


async def asked(headers: dict[str, str], *, secret: bytes | None) -> dict[str, str]:
    """Ask a service whose handler writes an event; return that event's headers."""
    written: dict[str, str] = {}

    async def app(scope: Any, _: Any, send: Any) -> None:
        scope["path_template"] = "/pledge/{order_id}"
        written.update(outbox._headers(entry()))
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(_: Any) -> None:
        """Nobody listens."""

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"type": "http", "method": "POST", "path": "/pledge/x", "headers": given}
    await Edge(app, gateway_secret=secret)(scope, None, send)  # type: ignore[arg-type]
    return written


async def test_off_nothing_is_carried_and_a_span_is_one_object() -> None:
    written = await asked({"x-pool-gateway": SECRET.decode()}, secret=SECRET)

    assert not tracing.is_on()
    assert tracing.HEADER not in written
    assert tracing.carried() == {}
    assert tracing.span("a", "server") is spans.processing("d", a_letter({}))


def test_off_a_span_costs_less_than_a_microsecond_or_two() -> None:
    rounds = 20_000
    started = time.process_time()
    for _ in range(rounds):
        with tracing.span("a", "client"):
            pass

    assert (time.process_time() - started) / rounds < 5e-6


async def test_a_trace_goes_from_a_request_over_the_bus_to_stripe(
    seen: InMemorySpanExporter,
) -> None:
    telemetry.correlation.set("request-0001")
    written = await asked(
        {"x-pool-gateway": SECRET.decode(), "traceparent": TOLD, "x-request-id": "request-0001"},
        secret=SECRET,
    )
    with spans.publishing("charges.due.one-roll", "e-1", written):
        sent = {**written, **tracing.carried()}
    client = object.__new__(StripeClient)
    client._budget = Turns()  # type: ignore[assignment]
    client._turn_seconds = {"background": 1.0}
    client._who = "background"
    with spans.processing("settlement-chargers", a_letter(sent)):
        assert await client.ask("confirm", answers) == "done"

    chain = [
        named(seen, "POST /pledge/{order_id}"),
        named(seen, "publish charges.due"),
        named(seen, "process charges.due"),
        named(seen, "stripe confirm"),
    ]
    assert {f"{context_of(each).trace_id:032x}" for each in chain} == {TOLD.split("-")[1]}
    for before, after in pairwise(chain):
        assert after.parent is not None
        assert after.parent.span_id == context_of(before).span_id
    request, _, heard, _ = chain
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["request_id"] == "request-0001"
    assert heard.attributes is not None
    assert heard.attributes["messaging.consumer.group.name"] == "settlement-chargers"
    assert heard.attributes["request_id"] == written["Pool-Correlation"] == "request-0001"


class Turns:
    """A budget whose turn has always come."""

    async def turn(self, *_: object, **__: object) -> None:
        """Go."""


async def answers() -> str:
    return "done"


async def test_the_gateway_takes_nobodys_word_and_passes_its_own_on(
    seen: InMemorySpanExporter,
) -> None:
    await asked({"traceparent": TOLD}, secret=None)

    outermost = named(seen, "POST /pledge/{order_id}")
    assert outermost.parent is None
    assert f"{context_of(outermost).trace_id:032x}" != TOLD.split("-")[1]
    upstream = Upstream(gateway_secret="x")
    with tracing.span("GET /", "server"):
        passed = upstream._headers({"traceparent": TOLD}, "")
    mine = f"{context_of(named(seen, 'GET /')).trace_id:032x}"
    assert passed[tracing.HEADER].split("-")[1] == mine


def test_what_comes_again_is_linked_and_no_child(seen: InMemorySpanExporter) -> None:
    headers = {"Pool-Type": "charges.due", "traceparent": TOLD}
    with spans.processing("settlement-chargers", a_letter(headers, deliveries=2)):
        pass

    again = named(seen, "process charges.due")
    assert again.parent is None
    (link,) = again.links
    assert f"{link.context.trace_id:032x}" == TOLD.split("-")[1]
    assert f"{context_of(again).trace_id:032x}" != TOLD.split("-")[1]


def test_a_header_that_is_none_begins_anew_and_harms_nobody(seen: InMemorySpanExporter) -> None:
    for wrong in ("", "00-xyz", "0" * 500, TOLD.replace("0af", "\u00e9\u00e9\u00e9")):
        with spans.processing("settlement-chargers", a_letter({"traceparent": wrong})):
            pass

    assert [each.parent for each in seen.get_finished_spans()] == [None] * 4


def test_a_fault_ends_the_span_and_goes_on_without_its_words(seen: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="a@b"), tracing.span("stripe x", "client"):
        raise ValueError("a@b.c and a token")

    ended = named(seen, "stripe x")
    assert not ended.status.is_ok
    assert ended.status.description == "ValueError"
    assert "a@b" not in ended.to_json()
