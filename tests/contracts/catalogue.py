"""The table in contracts/README.md, made from the code.

`python -m tests.contracts.catalogue` writes it anew.
"""

import importlib
import pkgutil
from pathlib import Path

import contracts.events
from contracts.events.base import Event
from contracts.streams import CONSUMERS, STREAMS, Stream
from contracts.subjects import tag

README = Path(__file__).parents[2] / "contracts" / "README.md"
BEGIN, END = "<!-- catalogue -->\n", "<!-- /catalogue -->\n"


def every_event() -> list[type[Event]]:
    """Return every event of the contracts, in the order of streams and modules."""
    for module in pkgutil.iter_modules(contracts.events.__path__):
        importlib.import_module(f"contracts.events.{module.name}")
    return [each for each in Event.__subclasses__() if each.__module__.startswith("contracts.")]


def stream_of(event: type[Event]) -> Stream:
    """Return the one stream whose subjects the event's subject is among."""
    (stream,) = [
        each
        for each in STREAMS
        if any(tag(event).startswith(f"{subject.partition('.')[0]}.") for subject in each.subjects)
    ]
    return stream


def listeners_to(event: type[Event]) -> list[str]:
    """Return the durable consumers that hear an event."""
    return sorted(each.durable for each in CONSUMERS if event in each.events)


def table() -> str:
    """Return the catalogue as Markdown."""
    rows = ["| stream | owner | subject | event | listeners |", "| --- | --- | --- | --- | --- |"]
    streams = [each.name for each in STREAMS]
    events = sorted(every_event(), key=lambda each: streams.index(stream_of(each).name))
    for event in events:
        stream = stream_of(event)
        heard = ", ".join(f"`{each}`" for each in listeners_to(event)) or "nobody yet"
        rows.append(
            f"| {stream.name} | {stream.owner} | `{tag(event)}.*` | `{event.__name__}` | {heard} |"
        )
    return "\n".join(rows) + "\n"


def written() -> str:
    """Return the catalogue that the README has."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Put today's catalogue into the README."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    write()
