"""The events as an AsyncAPI 3 document, and a page for people.

python -m deploy.reference.events writes docs/reference/events.json and events.md anew.
python -m deploy.reference.events --release keeps today's as what the next release is compared with.
"""

import importlib
import json
import pkgutil
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import contracts.events
from contracts.events.base import Event
from contracts.streams import CONSUMERS, STREAMS, Stream
from contracts.subjects import tag

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
FILE = FOLDER / "events.json"
RELEASED = FOLDER / "events-released.json"
PAGE = FOLDER / "events.md"
VERSION = "1"
REF = "#/components/schemas/{name}"

ENVELOPE = "Envelope"

Document = dict[str, Any]

HEADERS = {
    "Nats-Msg-Id": "The event's id: who publishes it twice is heard once.",
    "Pool-Type": "The event's type, as the subject begins.",
    "Pool-Version": "Of this envelope.",
    "Pool-Aggregate": "What it is about; events of one are told in order.",
    "Pool-Aggregate-Version": "Its version after the event: an older one is ignored.",
    "Pool-Correlation": "The request that led to it, through all services.",
    "Pool-Causation": "The event that led to it, if one did.",
    "traceparent": "Where tracing is on: the trace it belongs to.",
}


def every_event() -> list[type[Event]]:
    """Return every event of the contracts, in the order of streams, then of modules."""
    for module in pkgutil.iter_modules(contracts.events.__path__):
        importlib.import_module(f"contracts.events.{module.name}")
    found = [each for each in Event.__subclasses__() if each.__module__.startswith("contracts.")]
    places = [stream.name for stream in STREAMS]
    return sorted(found, key=lambda each: places.index(stream_of(each).name))


def stream_of(event: type[Event]) -> Stream:
    """Return the one stream that carries an event."""
    first = tag(event).partition(".")[0]
    (stream,) = [each for each in STREAMS if each.subjects[0].partition(".")[0] == first]
    return stream


def listeners_to(event: type[Event]) -> list[str]:
    """Return the durables that hear an event."""
    return sorted(each.durable for each in CONSUMERS if event in each.events)


def document() -> Document:
    """Return the whole document."""
    events = every_event()
    _, schemas = msgspec.json.schema_components(events, ref_template=REF)
    _name_times(events, schemas)
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "The Pool: events",
            "version": VERSION,
            "description": "What the five services tell each other over NATS JetStream. Each event"
            " is a fact in the past tense, published at least once and applied once. A reader"
            " ignores fields it does not know.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "bus": {"host": "nats:4222", "protocol": "nats", "description": "NATS with JetStream."}
        },
        "channels": {tag(each): _channel(each) for each in events},
        "operations": dict(_operations(events)),
        "components": {
            "messages": {each.__name__: _message(each) for each in events},
            "schemas": {ENVELOPE: _envelope(), **schemas},
        },
    }


def _envelope() -> Document:
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": says} for name, says in HEADERS.items()
        },
        "required": [name for name in HEADERS if name != "traceparent"],
    }


def _channel(event: type[Event]) -> Document:
    stream = stream_of(event)
    return {
        "address": f"{tag(event)}.{{key}}",
        "description": f"Stream {stream.name}, of {stream.owner}, kept by {stream.retention}.",
        "parameters": {"key": {"description": "What routes it: a campaign's slug, or an id."}},
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
    }


def _message(event: type[Event]) -> Document:
    said = (event.__doc__ or "").strip()
    summary, _, more = said.partition("\n")
    found: Document = {
        "name": tag(event),
        "title": event.__name__,
        "summary": summary,
        "contentType": "application/json",
        "headers": {"$ref": REF.format(name=ENVELOPE)},
        "correlationId": {"location": "$message.header#/Pool-Correlation"},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }
    if more.strip():
        found["description"] = " ".join(more.split())
    return found


def _operations(events: list[type[Event]]) -> Iterator[tuple[str, Document]]:
    """Who sends is the stream's owner; who receives is a durable of its own."""
    for event in events:
        yield f"{stream_of(event).owner}.{tag(event)}", _operation(event, "send")
        for durable in listeners_to(event):
            yield f"{durable}.{tag(event)}", _operation(event, "receive")


def _operation(event: type[Event], action: str) -> Document:
    channel = f"#/channels/{tag(event)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.__name__}"}],
    }


def _name_times(events: list[type[Event]], schemas: dict[str, Any]) -> None:
    """Say of each instant that it is one: the library does so only where a zone is demanded."""
    for each in _structs(msgspec.inspect.multi_type_info(events), set()):
        properties = schemas[each.cls.__name__]["properties"]
        for field in each.fields:
            if isinstance(field.type, msgspec.inspect.DateTimeType):
                properties[field.encode_name]["format"] = "date-time"


def _structs(found: Any, seen: set[type]) -> Iterator[msgspec.inspect.StructType]:
    """Yield every shape that these types are made of."""
    for each in found:
        if isinstance(each, msgspec.inspect.StructType):
            if each.cls in seen:
                continue
            seen.add(each.cls)
            yield each
            yield from _structs([field.type for field in each.fields], seen)
        else:
            names = ("types", "item_type", "item_types", "key_type", "value_type")
            inner = [getattr(each, name, None) for name in names]
            flat = [x for one in inner for x in (one if isinstance(one, tuple) else (one,))]
            yield from _structs([x for x in flat if isinstance(x, msgspec.inspect.Type)], seen)


def text() -> str:
    """Return the document's file."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return the page."""
    made = document()
    lines = [
        "# Events",
        "",
        made["info"]["description"] + " [The document](events.json) is AsyncAPI 3; what may change"
        " is in [contracts](../../contracts/README.md#growing), and a test compares it with the"
        " last release.",
        "",
        "Made by `python -m deploy.reference.events` from the code. Every message has these"
        " headers:",
        "",
        "| header | is |",
        "| --- | --- |",
        *(f"| `{name}` | {says} |" for name, says in HEADERS.items()),
    ]
    for event in every_event():
        heard = ", ".join(f"`{each}`" for each in listeners_to(event)) or "nobody yet"
        message = made["components"]["messages"][event.__name__]
        lines += [
            "",
            f"## {tag(event)}",
            "",
            " ".join(filter(None, [message["summary"], message.get("description", "")])),
            "",
            f"Said by {stream_of(event).owner} (`{stream_of(event).name}`), heard by {heard}.",
            "",
            "| field | type | required |",
            "| --- | --- | --- |",
            *_rows(made["components"]["schemas"][event.__name__]),
        ]
    return "\n".join(lines) + "\n"


def _rows(schema: Document) -> Iterator[str]:
    for name, each in schema["properties"].items():
        if name != "type":
            yield f"| `{name}` | {_type(each)} | {'yes' if name in schema['required'] else ''} |"


def _type(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    return str(schema.get("format") or schema.get("type", "anything"))


def main(arguments: list[str]) -> int:
    """Write both files; with `--release` keep them as what was promised."""
    FILE.write_text(text(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    if arguments == ["--release"]:
        shutil.copyfile(FILE, RELEASED)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
