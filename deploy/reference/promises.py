"""What of today's events a listener of the last release could not read."""

from collections.abc import Iterator
from typing import Any

from deploy.reference.events import Document

Schema = dict[str, Any]


def broken(before: Document, now: Document) -> list[str]:
    """Return every promise of `before` that `now` does not keep, with its place.

    Events may be added, and fields that nobody has to know. What is gone, has another type or
    another meaning is broken; so is a field that old events, still to be replayed, do not have.
    """
    found: list[str] = []
    for name in before["channels"]:
        if name not in now["channels"]:
            found.append(f"{name}: is not said any more")
    for name, operation in before["operations"].items():
        if name not in now["operations"] and operation["action"] == "receive":
            found.append(f"{name}: nobody listens any more")
    for name, schema in before["components"]["schemas"].items():
        if name in now["components"]["schemas"]:
            found += _changed(name, schema, now["components"]["schemas"][name])
        elif _is_named(name, now):
            found.append(f"{name}: is gone")
    return found


def _is_named(name: str, document: Document) -> bool:
    return f"#/components/schemas/{name}'" in str(document)


def _changed(place: str, before: Schema, now: Schema) -> Iterator[str]:
    if "properties" in before:
        yield from _fields(place, before, now)
        return
    if (was := _kinds(before)) != (is_now := _kinds(now)):
        yield f"{place}: was {', '.join(sorted(was))}, is {', '.join(sorted(is_now))}"
    if "items" in before and "items" in now:
        yield from _changed(f"{place}[]", before["items"], now["items"])
    could: list[Any] = before.get("enum", [])
    can: list[Any] = now.get("enum", could)
    if gone := set(could) - set(can):
        yield f"{place}: {', '.join(sorted(map(str, gone)))} is gone"


def _fields(place: str, before: Schema, now: Schema) -> Iterator[str]:
    had, has = before["properties"], now.get("properties", {})
    for name, field in had.items():
        if name not in has:
            yield f"{place}.{name}: is gone"
        else:
            yield from _changed(f"{place}.{name}", field, has[name])
    required_now, required_before = set(now.get("required", ())), set(before.get("required", ()))
    for name in sorted(required_now - required_before):
        yield f"{place}.{name}: is required, and old events lack it"


def _kinds(schema: Schema) -> set[str]:
    """Return what a value may be: one more is fine to write, but old readers fail on it."""
    if "anyOf" in schema:
        return set().union(*(_kinds(each) for each in schema["anyOf"]))
    if "$ref" in schema:
        return {str(schema["$ref"]).rpartition("/")[2]}
    return {str(schema.get("format") or schema.get("type") or "one of")}
