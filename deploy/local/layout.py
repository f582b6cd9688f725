"""Where a stack keeps its things: the data directory, its files, its lock."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("checkout", "pledges", "settlement", "notify", "site")
DEFAULT_DATA = ROOT / ".pool"

# What a fresh start may remove. Anything else in the folder is the owner's: a `.env`,
# the tools of the default folder, whatever a mistyped --data points at.
OWN_FOLDERS = ("pg", "nats", "valkey", "log", "campaigns", "sandbox")
OWN_FILES = ("ports.json", "secrets.json", "stack.json", "opening", "backup.json")


@dataclass(frozen=True)
class DataDir:
    """One stack's data directory. Two stacks never share one."""

    path: Path

    @classmethod
    def at(cls, path: str | Path) -> "DataDir":
        return cls(Path(path).resolve())

    @property
    def pg(self) -> Path:
        return self.path / "pg"

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def campaigns(self) -> Path:
        return self.path / "campaigns"

    @property
    def env_file(self) -> Path:
        return self.path / ".env"

    def file(self, name: str) -> Path:
        """Return the path of one of our JSON files."""
        assert name in OWN_FILES, name
        return self.path / name

    def create(self) -> None:
        """Make the folders; only their owner may look inside."""
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in (self.log, self.nats, self.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)

    def wipe(self) -> None:
        """Remove what a stack wrote here, and nothing else."""
        for name in OWN_FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in OWN_FILES:
            (self.path / name).unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in `path`; an empty one when there is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    assert isinstance(found, dict), f"{path} holds no JSON object"
    return found


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace `path` at once, readable by its owner only: it may hold secrets.

    If it can't be written, a full disk say, the one before stays.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=2)
            stream.write("\n")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


class StackLock:
    """Held by the supervisor and, by inheritance, by every child it started.

    So it is free only when no process of a stack is left, even after the supervisor
    itself was killed.
    """

    def __init__(self, data: DataDir) -> None:
        self._path = data.path / "lock"
        self.descriptor = -1

    def acquire(self) -> bool:
        """Take the lock; False when somebody has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go of it. Children that still run keep it."""
        if self.descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self.descriptor)
            self.descriptor = -1


def is_held(data: DataDir) -> bool:
    """Return whether a stack's processes, or some of them, run on this folder."""
    if not (data.path / "lock").exists():
        return False
    lock = StackLock(data)
    try:
        return not lock.acquire()
    finally:
        lock.release()
