"""The tables agree with each other: streams, consumers, routes, and what the README says."""

import re

import pytest

from contracts.routes import ROUTES
from contracts.streams import CONSUMERS, STREAMS, consumer
from contracts.subjects import REQUESTS, pattern
from tests.contracts import catalogue

SERVICES = {"site", "checkout", "pledges", "settlement", "notify"}


def test_every_stream_is_owned_by_a_service_and_no_two_share_a_subject() -> None:
    subjects = [subject for stream in STREAMS for subject in stream.subjects]

    assert {stream.owner for stream in STREAMS} <= SERVICES
    assert len(subjects) == len(set(subjects))
    assert all(re.fullmatch(r"[a-z]+\.(\*\.)?>", subject) for subject in subjects)
    assert {stream.name for stream in STREAMS if stream.retention == "workqueue"} == {"CHARGES"}


@pytest.mark.parametrize("each", CONSUMERS, ids=lambda each: each.durable)
def test_a_consumer_is_named_after_its_listener_and_hears_its_own_stream(each: object) -> None:
    found = consumer(each.durable)  # type: ignore[attr-defined]
    (stream,) = [stream for stream in STREAMS if stream.name == found.stream]

    assert found.listener in SERVICES
    assert re.fullmatch(rf"{found.listener}-[a-z-]+", found.durable)
    assert found.events
    for event in found.events:
        assert catalogue.stream_of(event) == stream
        assert pattern(event).split(".")[0] == stream.subjects[0].split(".")[0]


def test_durable_names_are_unique_and_nobody_hears_an_event_twice() -> None:
    durables = [each.durable for each in CONSUMERS]
    heard = [(each.listener, event) for each in CONSUMERS for event in each.events]

    assert len(durables) == len(set(durables))
    assert len(heard) == len(set(heard))


def test_a_question_between_services_is_kept_by_no_stream() -> None:
    """A stream that took it would answer it, and the asker would believe that."""
    for question, (asks, answers) in REQUESTS.items():
        assert {asks, answers} <= SERVICES
        assert question.count(".") == 1
        for stream in STREAMS:
            first, *rest = stream.subjects[0].split(".")
            assert first != question.partition(".")[0] or rest == ["*", ">"]


def test_a_work_queue_has_one_consumer() -> None:
    assert [each.durable for each in CONSUMERS if each.stream == "CHARGES"] == [
        "settlement-chargers"
    ]


def test_every_event_is_on_a_stream_of_the_service_that_says_it() -> None:
    for event in catalogue.every_event():
        module = event.__module__.rsplit(".", 1)[1]
        owner = {"campaigns": "site", "admin": "site"}.get(module, module)
        assert catalogue.stream_of(event).owner == owner, event


def test_the_readmes_catalogue_is_todays() -> None:
    assert catalogue.written() == catalogue.table(), "run: python -m tests.contracts.catalogue"


def test_a_route_is_owned_by_a_service_behind_the_gateway() -> None:
    keys = [(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES]

    assert {route.owner for route in ROUTES} <= SERVICES
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_who_may_ask_fits_what_is_asked(route: object) -> None:
    (found,) = [each for each in ROUTES if each is route]

    assert re.fullmatch(r"(/[a-z0-9-]+|/\{[a-z_]+\})+(\.csv)?", found.path)
    assert 0 < found.timeout_seconds <= 15
    assert 0 < found.body_max <= 256 * 1024
    if found.path.startswith("/admin/"):
        assert found.access == "admin"
    if found.method == "GET":
        assert found.access in ("public", "admin")
    elif found.path == "/pledge/links":
        # Whoever asks is told nothing, and nobody but the owner of the address gets anything.
        assert found.access == "public"
    elif found.path.endswith("/unsubscribe"):
        # A mail client has no page of ours (RFC 8058); the signed link is all it needs.
        assert found.access == "public"
    else:
        assert found.access != "public", "a POST needs an origin, a secret or a signature"
    if found.access == "admin":
        assert found.failures_per_minute is not None
