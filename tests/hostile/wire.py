"""HTTP as bytes: says exactly what a case says, also what no client library would send."""

import contextlib
import socket
from urllib.parse import urlsplit

import msgspec

ANSWER_SECONDS = 20.0


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """Return the machine code of a refusal; empty when the body names none."""
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        return str(document.get("error", "")) if isinstance(document, dict) else ""


def send(site: str, said: bytes) -> Answer:
    """Send bytes over a connection of their own and return the first final answer."""
    place = urlsplit(site)
    with socket.create_connection((place.hostname, place.port), timeout=ANSWER_SECONDS) as line:
        # It may answer before it has heard everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(said)
        return read_answer(line, is_head=said.startswith(b"HEAD "))


def read_answer(line: socket.socket, *, is_head: bool = False) -> Answer:
    """Return the next answer on a connection; the body by its length, chunks, or to the end."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _more(line, heard)
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
    }
    status = int(first.split(" ")[1])
    if is_head or status in (204, 304):
        return Answer(status, headers, b"")
    if "chunked" in headers.get("transfer-encoding", ""):
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(line, body)
        return Answer(status, headers, _unchunked(body))
    wanted = int(headers.get("content-length", "0"))
    while len(body) < wanted:
        body += _more(line, body)
    return Answer(status, headers, body[:wanted])


def request(
    method: str, target: str, headers: dict[str, str], body: bytes | None, *, host: str
) -> bytes:
    """Return a well-formed request; a header named in `headers` replaces ours."""
    found = {"Host": host, "Connection": "close"}
    if body is not None:
        found["Content-Length"] = str(len(body))
    given = {name.title(): value for name, value in headers.items()}
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**found, **given}.items() if value != "-"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def chunked(*parts: bytes) -> bytes:
    """Return a body in chunks, honestly encoded."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _more(line: socket.socket, heard: bytes) -> bytes:
    try:
        part = line.recv(65_536)
    except ConnectionResetError as exc:
        raise AssertionError(f"reset after {heard[:200]!r}") from exc
    assert part, f"closed after {heard[:200]!r}"
    return part


def _unchunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        parts.append(rest[:length])
        body = rest[length + 2 :] if length else b""
    return b"".join(parts)
