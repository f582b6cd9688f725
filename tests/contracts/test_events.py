"""Yesterday's messages stay readable, and every event has exactly one home."""

import re
from typing import Any

import msgspec
import pytest

from contracts.events.base import Event
from contracts.subjects import pattern, subject, tag
from tests.contracts.catalogue import every_event
from tests.contracts.facts import AT
from tests.contracts.samples import SAMPLES, golden_file

EVENTS = [pytest.param(each, id=tag(each)) for each in every_event()]
SAMPLE_BY_TAG = {tag(type(each)): each for each in SAMPLES}


@pytest.mark.parametrize("event", EVENTS)
def test_golden_bytes_decode_and_lose_nothing_when_told_again(event: type[Event]) -> None:
    path = golden_file(event)
    assert path.exists(), "add a sample and run: python -m tests.contracts.samples"
    raw = path.read_bytes()

    decoded = msgspec.json.decode(raw, type=event)
    told_again = msgspec.json.encode(decoded)

    assert msgspec.json.decode(told_again, type=event) == decoded
    assert_kept(msgspec.json.decode(raw), msgspec.json.decode(told_again))


def assert_kept(old: Any, new: Any, path: str = "$") -> None:
    """Every value of `old` is in `new`; fields that came later may be there as well."""
    if isinstance(old, dict):
        for key, value in old.items():
            assert key in new, f"{path}.{key} is gone"
            assert_kept(value, new[key], f"{path}.{key}")
    elif isinstance(old, list):
        assert len(old) == len(new), path
        for number, value in enumerate(old):
            assert_kept(value, new[number], f"{path}[{number}]")
    else:
        assert old == new, path


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_reads_past_fields_it_does_not_know(event: type[Event]) -> None:
    message = msgspec.json.decode(golden_file(event).read_bytes())

    decoded = msgspec.json.decode(
        msgspec.json.encode({**message, "said_by_a_later_release": [1, {"x": None}]}), type=event
    )

    assert decoded == msgspec.json.decode(golden_file(event).read_bytes(), type=event)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_frozen_tagged_by_stream_and_fact_and_says_when(event: type[Event]) -> None:
    config = event.__struct_config__

    assert config.frozen
    assert not config.forbid_unknown_fields
    assert config.tag_field == "type"
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", tag(event))
    assert {"event_id", "occurred_at"} <= set(event.__struct_fields__)
    assert event.__doc__


def test_tags_are_unique_and_each_golden_file_belongs_to_an_event() -> None:
    tags = [tag(each) for each in every_event()]

    assert len(tags) == len(set(tags))
    found = {path.stem for path in golden_file(every_event()[0]).parent.iterdir()}
    assert found == set(tags)


def test_a_subject_is_the_tag_and_a_key() -> None:
    for event in every_event():
        assert subject(event, "one-roll") == f"{tag(event)}.one-roll"
        assert pattern(event) == f"{tag(event)}.*"


def test_a_message_of_another_type_is_refused() -> None:
    created, cancelled = [
        golden_file(each) for each in every_event() if tag(each).startswith("pledges.c")
    ][:2]
    other = {tag(each): each for each in every_event()}[cancelled.stem]

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(created.read_bytes(), type=other)


def test_a_price_that_does_not_add_up_is_refused_while_decoding() -> None:
    raw = msgspec.json.encode(SAMPLE_BY_TAG["pledges.created"]).replace(
        b'"total_cents":5944', b'"total_cents":5945'
    )

    with pytest.raises(msgspec.ValidationError, match="add up"):
        msgspec.json.decode(raw, type=type(SAMPLE_BY_TAG["pledges.created"]))


def test_money_in_an_event_is_never_a_float() -> None:
    sample = SAMPLE_BY_TAG["settlement.charge_succeeded"]
    raw = msgspec.json.encode(sample).replace(b"5944", b"5944.5")

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=type(sample))


def test_an_event_without_its_id_is_no_event() -> None:
    raw = msgspec.json.encode({"type": "settlement.went_live", "occurred_at": AT})

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=type(SAMPLE_BY_TAG["settlement.went_live"]))
