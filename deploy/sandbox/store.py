"""Everything the sandbox remembers: objects as JSON in memory, mirrored to one SQLite file."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

Obj = dict[str, Any]

# What lists are filtered by. A value that once pointed to an object keeps pointing: the caller
# compares again, so a card that was detached costs one wasted look, never a wrong answer.
_INDEXED = {
    "payment_method": ("customer",),
    "payment_intent": ("customer",),
    "setup_intent": ("customer", "payment_method"),
    "setup_attempt": ("setup_intent",),
    "checkout.session": ("customer", "setup_intent"),
    "charge": ("customer", "payment_intent"),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "radar.early_fraud_warning": ("charge",),
    "balance_transaction": ("source",),
}


class Store:
    """Objects by kind and id, in order of creation.

    A request's writes are staged until `commit`, which writes them to the file before they can
    be seen or answered: a killed process loses only what it had not answered. The file is not
    forced to the disk; this is a development tool.
    """

    def __init__(self, path: str = "") -> None:
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
            " id TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, id))"
        )
        self._objects: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._index: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
        self._staged: dict[tuple[str, str], bytes | None] = {}
        for kind, object_id, body in self._db.execute(
            "SELECT kind, id, body FROM objects ORDER BY seq"
        ):
            self._remember(kind, object_id, body)

    def get(self, kind: str, object_id: str) -> Obj | None:
        """Return a copy of the object, with this request's own writes in it."""
        key = (kind, object_id)
        body = self._staged[key] if key in self._staged else self._objects[kind].get(object_id)
        if body is None:
            return None
        decoded: Obj = msgspec.json.decode(body)
        return decoded

    def put(self, kind: str, obj: Obj) -> None:
        self._staged[kind, obj["id"]] = msgspec.json.encode(obj)

    def delete(self, kind: str, object_id: str) -> None:
        self._staged[kind, object_id] = None

    def newest_first(self, kind: str) -> Iterator[str]:
        """Yield committed ids, newest first."""
        return reversed(self._objects[kind])

    def oldest_first(self, kind: str) -> list[str]:
        return list(self._objects[kind])

    def pointing_to(self, kind: str, field: str, value: str) -> Iterator[str]:
        """Yield ids, newest first, whose `field` is or once was `value`."""
        return reversed(self._index[kind, field, value])

    def count(self, kind: str) -> int:
        return len(self._objects[kind])

    def commit(self) -> None:
        if not self._staged:
            return
        staged, self._staged = self._staged, {}
        self._db.execute("BEGIN")
        for (kind, object_id), body in staged.items():
            if body is None:
                self._db.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, object_id))
            else:
                self._db.execute(
                    "INSERT INTO objects (kind, id, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                    (kind, object_id, body),
                )
        self._db.execute("COMMIT")
        for (kind, object_id), body in staged.items():
            if body is None:
                self._objects[kind].pop(object_id, None)
            else:
                self._remember(kind, object_id, body)

    def rollback(self) -> None:
        self._staged.clear()

    def close(self) -> None:
        self._db.close()

    def _remember(self, kind: str, object_id: str, body: bytes) -> None:
        self._objects[kind][object_id] = body
        if fields := _INDEXED.get(kind):
            obj = msgspec.json.decode(body)
            for field in fields:
                if isinstance(value := obj.get(field), str):
                    self._index[kind, field, value][object_id] = None
