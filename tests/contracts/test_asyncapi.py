"""The events' document is the code's, is whole, and keeps what the last release promised."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.streams import CONSUMERS
from deploy.reference import events, promises
from deploy.reference.events import Document
from services.chassis.events import outbox
from tests.contracts.catalogue import every_event, listeners_to, stream_of

GOLDEN = Path(__file__).parent / "golden"


def released() -> Document:
    found: Document = json.loads(events.RELEASED.read_text(encoding="utf-8"))
    return found


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        for each in found.values():
            yield from references(each)
    elif isinstance(found, list):
        for each in found:
            yield from references(each)


def resolve(document: Document, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_the_files_are_what_the_code_says_today() -> None:
    for path, made in ((events.FILE, events.text()), (events.PAGE, events.page())):
        assert path.read_text(encoding="utf-8") == made, "run `python -m deploy.reference.events`"


def test_every_event_is_in_it_with_who_says_and_who_hears_it() -> None:
    document = events.document()
    said = {name for name, each in document["operations"].items() if each["action"] == "send"}
    heard = {name for name, each in document["operations"].items() if each["action"] == "receive"}

    assert set(document["channels"]) == {events.tag(each) for each in every_event()}
    assert said == {f"{stream_of(each).owner}.{events.tag(each)}" for each in every_event()}
    assert heard == {
        f"{durable}.{events.tag(each)}" for each in every_event() for durable in listeners_to(each)
    }
    assert len(heard) == sum(len(each.events) for each in CONSUMERS)


def test_every_reference_leads_somewhere() -> None:
    document = events.document()
    found = set(references(document))

    assert len(found) > len(document["channels"])
    for each in found:
        assert resolve(document, each), each


def test_every_real_message_is_as_its_schema_says() -> None:
    document = events.document()
    by_tag = {
        each["name"]: each["payload"]["$ref"]
        for each in document["components"]["messages"].values()
    }
    paths = sorted(GOLDEN.glob("*.json"))

    assert len(paths) >= len(by_tag)
    for path in paths:
        name = re.sub(r"\.\d+$", "", path.stem)
        schema = {"$ref": by_tag[name], "components": document["components"]}
        validator = jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        validator.validate(json.loads(path.read_bytes()))


def test_instants_are_named_as_such() -> None:
    schemas = events.document()["components"]["schemas"]

    assert schemas["DeadlinePassed"]["properties"]["deadline_at"]["format"] == "date-time"
    assert schemas["DeadlinePassed"]["properties"]["occurred_at"]["format"] == "date-time"


def test_the_headers_are_those_of_the_envelope() -> None:
    sample = next(each for each in every_event() if events.tag(each) == "charges.due")
    event = sample(event_id="e", occurred_at="2026-01-01T00:00:00Z", charge_id="c", campaign="s")
    sent = outbox._headers(outbox.Entry(event=event, key="k", aggregate="a", version=1))

    assert set(sent) == set(events.HEADERS) - {"traceparent"}


def test_what_the_last_release_promised_is_kept() -> None:
    assert promises.broken(released(), events.document()) == [], (
        "a listener of the last release could not read this: add an event or a field with a"
        " default instead (contracts/README.md, Growing)"
    )


def schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


Change = Callable[[Document], Any]
BROKEN: dict[str, tuple[Change, str]] = {
    "an event that is gone": (
        lambda d: d["channels"].pop("charges.due"),
        "charges.due: is not said any more",
    ),
    "a listener that is gone": (
        lambda d: d["operations"].pop("settlement-chargers.charges.due"),
        "settlement-chargers.charges.due: nobody listens any more",
    ),
    "a field that is gone": (
        lambda d: schema(d, "ChargeSucceeded")["properties"].pop("amount_cents"),
        "ChargeSucceeded.amount_cents: is gone",
    ),
    "a field of another type": (
        lambda d: schema(d, "ChargeSucceeded")["properties"].update(
            amount_cents={"type": "string"}
        ),
        "ChargeSucceeded.amount_cents: was integer, is string",
    ),
    "a field that old events lack": (
        lambda d: (
            schema(d, "ChargeSucceeded")["required"].append("x")
            or schema(d, "ChargeSucceeded")["properties"].update(x={"type": "string"})
        ),
        "ChargeSucceeded.x: is required, and old events lack it",
    ),
    "a field that may be nothing": (
        lambda d: schema(d, "ChargeSucceeded")["properties"].update(
            purpose={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
        "ChargeSucceeded.purpose: was string, is null, string",
    ),
    "an instant that is none": (
        lambda d: schema(d, "DeadlinePassed")["properties"]["deadline_at"].pop("format"),
        "DeadlinePassed.deadline_at: was date-time, is string",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_found(name: str) -> None:
    change, words = BROKEN[name]
    now = copy.deepcopy(events.document())
    change(now)

    assert promises.broken(events.document(), now) == [words]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda d: schema(d, "ChargeDue")["properties"].update(hint={"type": "string"}),
            id="a field with a default",
        ),
        pytest.param(
            lambda d: d["channels"].update({"charges.new": d["channels"]["charges.due"]}),
            id="a new event",
        ),
        pytest.param(
            lambda d: d["operations"].update({"site-x.charges.due": {"action": "receive"}}),
            id="a new listener",
        ),
    ],
)
def test_what_may_grow_breaks_nothing(change: Change) -> None:
    now = copy.deepcopy(events.document())
    change(now)

    assert promises.broken(events.document(), now) == []
