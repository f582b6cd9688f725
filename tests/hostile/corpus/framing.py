"""Requests whose very framing is wrong, ambiguous or immodest. Said as bytes."""

from tests.hostile.case import Case, read
from tests.hostile.wire import chunked

HEAD = b"Host: $HOST\r\nOrigin: $SITE\r\nContent-Type: application/json\r\nConnection: close\r\n"
CANCEL = b"POST /pledge/cancel HTTP/1.1\r\n" + HEAD
TE = b"Transfer-Encoding: chunked\r\n"
BAD = "invalid_request"


def _raw(name: str, said: bytes, status: int, error: str) -> Case:
    return Case(name=name, raw=said, status=status, error=error)


CASES = (
    _raw("HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", 400, "bad_host"),
    _raw("HTTP/1.1 without Host", b"GET / HTTP/1.1\r\n\r\n", 400, "bad_host"),
    _raw("HTTP/0.9", b"GET /\r\n\r\n", 400, "bad_host"),
    _raw("HTTP/1.9", b"GET / HTTP/1.9\r\nHost: $HOST\r\n\r\n", 400, BAD),
    _raw("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, BAD),
    _raw("TLS to a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, BAD),
    _raw(
        "two Hosts",
        b"GET / HTTP/1.1\r\nHost: $HOST\r\nHost: $HOST\r\n\r\n",
        400,
        "bad_host",
    ),
    _raw("empty Host", b"GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, "bad_host"),
    read("foreign Host", "/", 400, "bad_host", host="evil.example"),
    read("our Host as a prefix", "/", 400, "bad_host", host="$HOST.evil.example"),
    read("our Host as a password", "/", 400, "bad_host", host="evil@$HOST"),
    read("our Host with a path", "/", 400, "invalid_input", host="$HOST/x"),
    read("our Host with an odd port", "/", 400, "bad_host", host="127.0.0.1:8o"),
    read("Host with blanks", "/", 400, "invalid_input", host="127.0.0.1 evil.example"),
    read("foreign X-Forwarded-Host is not read", "/about/", 200, x_forwarded_host="evil.example"),
    _raw(
        "two Content-Lengths that agree",
        CANCEL + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        400,
        BAD,
    ),
    _raw(
        "two Content-Lengths that differ",
        CANCEL + b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
        400,
        BAD,
    ),
    _raw(
        "Transfer-Encoding and Content-Length",
        CANCEL + TE + b"Content-Length: 7\r\n\r\n" + chunked(b"{}"),
        400,
        BAD,
    ),
    _raw(
        "Content-Length and Transfer-Encoding",
        CANCEL + b"Content-Length: 7\r\n" + TE + b"\r\n" + chunked(b"{}"),
        400,
        BAD,
    ),
    _raw(
        "Transfer-Encoding twice",
        CANCEL + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + chunked(b"{}"),
        400,
        BAD,
    ),
    _raw(
        "Transfer-Encoding nobody knows",
        CANCEL + b"Transfer-Encoding: xchunked\r\n\r\n" + chunked(b"{}"),
        400,
        BAD,
    ),
    _raw(
        "Transfer-Encoding with a blank before its colon",
        CANCEL + b"Transfer-Encoding : chunked\r\n\r\n" + chunked(b"{}"),
        400,
        BAD,
    ),
    _raw("chunk size that is no number", CANCEL + TE + b"\r\nzz\r\n{}\r\n0\r\n\r\n", 400, BAD),
    _raw("chunk longer than it says", CANCEL + TE + b"\r\n1\r\n{}\r\n0\r\n\r\n", 400, BAD),
    _raw("chunk of negative size", CANCEL + TE + b"\r\n-1\r\n{}\r\n0\r\n\r\n", 400, BAD),
    _raw(
        "chunk of more than 2^64 bytes",
        CANCEL + TE + b"\r\n" + b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n",
        400,
        BAD,
    ),
    _raw(
        "chunk with an extension is read as a chunk",
        CANCEL + TE + b"\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
        400,
        "invalid_input",
    ),
    _raw("negative Content-Length", CANCEL + b"Content-Length: -1\r\n\r\n{}", 400, BAD),
    _raw("Content-Length with a sign", CANCEL + b"Content-Length: +2\r\n\r\n{}", 400, BAD),
    _raw("Content-Length in hex", CANCEL + b"Content-Length: 0x2\r\n\r\n{}", 400, BAD),
    _raw(
        "Content-Length over 2^64",
        CANCEL + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        400,
        BAD,
    ),
    _raw(
        "Content-Length of 10 GB, refused before it arrives",
        CANCEL + b"Content-Length: 9999999999\r\n\r\n{",
        413,
        "too_large",
    ),
    _raw("bare line feeds", b"GET / HTTP/1.1\nHost: $HOST\n\n", 400, BAD),
    _raw("folded header", b"GET / HTTP/1.1\r\nHost: $HOST\r\nX-A: b\r\n c\r\n\r\n", 400, BAD),
    _raw("NUL in a header", b"GET / HTTP/1.1\r\nHost: $HOST\r\nX-A: b\0c\r\n\r\n", 400, BAD),
    _raw("blank before a colon", b"GET / HTTP/1.1\r\nHost : $HOST\r\n\r\n", 400, BAD),
    _raw("header without a name", b"GET / HTTP/1.1\r\nHost: $HOST\r\n: x\r\n\r\n", 400, BAD),
    _raw("method in lower case", b"get / HTTP/1.1\r\nHost: $HOST\r\n\r\n", 400, BAD),
    _raw("method nobody knows", b"BREW / HTTP/1.1\r\nHost: $HOST\r\n\r\n", 400, BAD),
    _raw("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: $HOST\r\n\r\n", 400, BAD),
    _raw("raw bytes in the path", b"GET /\xff HTTP/1.1\r\nHost: $HOST\r\n\r\n", 400, BAD),
    _raw(
        "raw bytes in the query",
        b"GET /pledge?token=\xff\xfe.x HTTP/1.1\r\nHost: $HOST\r\n\r\n",
        400,
        BAD,
    ),
    _raw(
        "raw bytes in headers we pass on",
        b"GET /stats/no-such-film HTTP/1.1\r\nHost: $HOST\r\nUser-Agent: \xff\xfe\r\n"
        b"Accept-Language: \xc3\xa9\r\nIf-None-Match: \xff\r\nConnection: close\r\n\r\n",
        404,
        "not_found",
    ),
    _raw(
        "a stranger's name in an absolute target is not read",
        b"GET http://evil.example/about/ HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n\r\n",
        200,
        "",
    ),
    _raw(
        "an upgrade nobody offered",
        b"GET /about/ HTTP/1.1\r\nHost: $HOST\r\nConnection: Upgrade, close\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
        200,
        "",
    ),
    read("100 KiB in one header", "/", 431, "headers_too_large", x_a="a" * 102_400),
    read("17 KiB in one header", "/", 431, "headers_too_large", x_a="a" * 17_408),
    Case(
        name="400 small headers",
        headers={f"X-A-{number}": "a" * 40 for number in range(400)},
        status=431,
        error="headers_too_large",
    ),
    Case(
        name="10 MiB of headers, refused before they end",
        headers={f"X-A-{number}": "a" * 10_000 for number in range(1_000)},
        status=431,
        error="headers_too_large",
    ),
    read("10,000 query parameters", "/?" + "a=1&" * 10_000, 414, "url_too_long"),
    read("100 query parameters", "/?" + "&".join(["a=1"] * 100), 400, "too_many_parameters"),
    read("65 query parameters", "/?" + "&".join(["a=1"] * 65), 400, "too_many_parameters"),
    read("64 query parameters", "/about/?" + "&".join(["a=1"] * 64), 200),
    read("address of 5,000 bytes", "/" + "a" * 5_000, 414, "url_too_long"),
)
