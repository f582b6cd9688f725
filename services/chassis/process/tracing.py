"""Traces: one request through HTTP, the bus, every service it led to, and to Stripe.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; then nothing is imported, and a
span is one object that does nothing. A trace goes with the headers of requests and messages;
an outbox row keeps it, so that what is said later belongs to the request that decided it.
Attributes are ids and names of ours, never what a person typed.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from services.chassis.process import telemetry

Kind = Literal["server", "client", "producer", "consumer"]

HEADER = "traceparent"
PATH = "/v1/traces"


class _Tracing(msgspec.Struct):
    """What this process traces with; nothing, while it is off."""

    tracer: Any = None
    provider: Any = None


_tracing = _Tracing()


class _Nothing:
    """The span of a process that traces nothing."""

    def set_attribute(self, _: str, __: object) -> None:
        """Forget it."""

    def update_name(self, _: str) -> None:
        """Forget it."""


_OFF = contextlib.nullcontext(_Nothing())


def is_on() -> bool:
    """Tell whether this process traces."""
    return _tracing.tracer is not None


def configure(service: str, endpoint: str, ratio: float) -> None:
    """Begin to trace to a collector, so many of the requests that begin here; "" is off."""
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "the-pool"}),
        sampler=ParentBased(TraceIdRatioBased(ratio)),
    )
    # In a thread of its own, from a bounded queue: a collector that is away costs nobody time.
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH, timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    use(provider)


def use(provider: Any) -> None:
    """Trace with a provider; with None no more."""
    _tracing.provider = provider
    _tracing.tracer = provider.get_tracer("the-pool") if provider is not None else None


def shut_down() -> None:
    """Send what is left. It may take the exporter's few seconds."""
    if _tracing.provider is not None:
        _tracing.provider.shutdown()


def span(
    name: str,
    kind: Kind,
    *,
    came_with: Mapping[str, str] | None = None,
    is_repeated: bool = False,
    **attributes: str | int,
) -> contextlib.AbstractContextManager[Any]:
    """Return a span for a `with`.

    `came_with` are the headers of a request or message: it is that trace's. What is done once
    more (`is_repeated`) begins a trace of its own with a link to it, for its time is another.
    """
    if _tracing.tracer is None:
        return _OFF
    return _begun(name, kind, came_with, is_repeated, attributes)


@contextlib.contextmanager
def _begun(
    name: str,
    kind: Kind,
    came_with: Mapping[str, str] | None,
    is_repeated: bool,
    attributes: Mapping[str, str | int],
) -> Iterator[Any]:
    from opentelemetry import context, trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent, links = None, []
    if came_with is not None:
        told = {HEADER: came_with[HEADER]} if HEADER in came_with else {}
        parent = TraceContextTextMapPropagator().extract(told, context=context.Context())
        if is_repeated:
            links = [trace.Link(trace.get_current_span(parent).get_span_context())]
            parent = context.Context()
    with _tracing.tracer.start_as_current_span(
        name,
        context=parent,
        kind=trace.SpanKind[kind.upper()],
        links=links,
        attributes={each.replace("__", "."): value for each, value in attributes.items()},
        # An error's words may repeat what a person typed: its kind is enough.
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield begun
        except BaseException as exc:
            begun.set_status(trace.StatusCode.ERROR, type(exc).__name__)
            raise
        # A message says itself which request it is of; many may meet in one call.
        if "request_id" not in attributes and (correlation := telemetry.correlation.get()):
            begun.set_attribute("request_id", correlation)


def carried() -> dict[str, str]:
    """Return the header by which the current span's trace goes on; nothing while it is off."""
    if _tracing.tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return {HEADER: found[HEADER]} if HEADER in found else {}
