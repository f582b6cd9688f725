"""JSON that is broken, deep, large, or means two things; sizes at and over each limit."""

from tests.hostile.case import JSON, OPERATOR, OURS, Case, as_bytes, operate, write
from tests.hostile.wire import chunked

KIB = 1_024
CHUNKED = {**OURS, **JSON, "Transfer-Encoding": "chunked", "Content-Length": "-"}
SYNTAX = "invalid_json"
INPUT = "invalid_input"
CANCEL = "/pledge/cancel"
ITEM = b'"items":[{"id":"$SLUG__frame"}]'


def _cancel(name: str, body: bytes, error: str) -> Case:
    return write(name, CANCEL, body, 400, error)


def _quote(name: str, more: bytes, status: int, error: str = "") -> Case:
    return write(name, "/quote", b"{%s,%s}" % (ITEM, more), status, error)


def _padded(size: int) -> bytes:
    """Return a body of exactly `size` bytes."""
    return b'{"token":"x"' + b" " * (size - 13) + b"}"


def _sized(path: str, size: int, status: int, error: str) -> Case:
    return write(f"{size:,} bytes to {path}", path, _padded(size), status, error)


def _in_chunks(path: str, size: int, status: int, error: str, part: int = 4 * KIB) -> Case:
    body = _padded(size)
    parts = [body[at : at + part] for at in range(0, size, part)]
    return Case(
        name=f"{size:,} bytes in chunks to {path}",
        method="POST",
        target=path,
        headers=CHUNKED,
        body=chunked(*parts),
        status=status,
        error=error,
    )


LARGE = "too_large"
WELL_FORMED = (
    ("a list", b"[]"),
    ("a text", b'"token"'),
    ("a number", b"1"),
    ("null", b"null"),
    ("true", b"true"),
    ("no token", b"{}"),
    ("token null", b'{"token":null}'),
    ("token a number", b'{"token":1}'),
    ("token an object", b'{"token":{"$gt":""}}'),
    ("token a list", b'{"token":["x"]}'),
    ("unknown field", b'{"token":"x","isAdmin":true}'),
    ("__proto__", b'{"token":"x","__proto__":{"admin":true}}'),
    ("another spelling of a field", b'{"Token":"x"}'),
    ("NUL in a text", b'{"token":"a\\u0000b"}'),
    ("bell in a text", b'{"token":"a\\u0007b"}'),
    ("C1 control in a text", b'{"token":"a\\u0085b"}'),
    ("a token of 10 kB", b'{"token":"' + b"a" * 10_000 + b'"}'),
    ("order id of 5,000 letters", b'{"token":"x","orderId":"' + b"a" * 5_000 + b'"}'),
)
BROKEN = (
    ("blanks", b"   "),
    ("half an object", b'{"token":'),
    ("two documents", b'{"token":"x"}{"token":"y"}'),
    ("something after it", b'{"token":"x"} x'),
    ("a comment", b'{"token":"x" /* y */}'),
    ("a comma too many", b'{"token":"x",}'),
    ("single quotes", b"{'token':'x'}"),
    ("a bare key", b"{token:1}"),
    ("a byte order mark", b'\xef\xbb\xbf{"token":"x"}'),
    ("UTF-16", '{"token":"x"}'.encode("utf-16")),
    ("bad UTF-8 in a value", b'{"token":"\xff\xfe"}'),
    ("bad UTF-8 in a key", b'{"\xff":"x"}'),
    ("overlong UTF-8", b'{"token":"\xc0\xaf"}'),
    ("a surrogate in UTF-8", b'{"token":"\xed\xa0\x80"}'),
    ("half a surrogate pair", b'{"token":"\\ud83d"}'),
    ("the other half", b'{"token":"\\udc00x"}'),
    ("a raw NUL", b'{"token":"a\x00b"}'),
    ("a raw line feed in a text", b'{"token":"a\nb"}'),
    ("an unknown escape", b'{"token":"\\x41"}'),
    ("NaN", b'{"token":NaN}'),
    ("Infinity", b'{"token":-Infinity}'),
    ("a leading zero", b'{"token":01}'),
    ("a form", b"token=x"),
    ("XML", b"<token>x</token>"),
    ("100 lists deep", b"[" * 100 + b"]" * 100),
    ("5,000 lists deep", b"[" * 5_000 + b"]" * 5_000),
    ("15,000 lists that never end", b"[" * 15_000),
    ("deep objects", b'{"a":' * 3_000),
    ("deep in an unknown field", b'{"token":"x","a":' + b"[" * 33 + b"]" * 33 + b"}"),
)

CASES = (
    *(_cancel(name, body, INPUT) for name, body in WELL_FORMED),
    *(_cancel(name, body, SYNTAX) for name, body in BROKEN),
    _cancel("nothing", b"", INPUT),
    _cancel("two keys, the first of another type", b'{"token":1,"token":"x"}', INPUT),
    _cancel("two keys, the last of another type", b'{"token":"x","token":1}', INPUT),
    write(
        "the last of two keys counts",
        CANCEL,
        b'{"token":"$TOKEN","orderId":"$ORDER","orderId":"$OTHER_ORDER"}',
        403,
        "not_yours",
    ),
    write(
        "brackets in a text are no nesting",
        CANCEL,
        b'{"token":"' + b"[" * 200 + b'"}',
        401,
        "invalid_link",
    ),
    write("deep JSON, large", "/quote", b"[" * 60_000, 400, SYNTAX),
    write("deep JSON to start", "/checkout-intent/start", b"[" * 60_000, 400, SYNTAX),
    _quote("tip NaN", b'"tipPercent":NaN', 400, SYNTAX),
    _quote("tip 1e400", b'"tipPercent":1e400', 400, INPUT),
    _quote("tip 2^63", b'"tipPercent":9223372036854775808', 400, "invalid_tip"),
    _quote("tip of 30 digits", b'"tipPercent":' + b"9" * 30, 400, "invalid_tip"),
    _quote("tip of 10,000 digits", b'"tipPercent":' + b"9" * 10_000, 400, INPUT),
    _quote("tip -2^63 - 1", b'"tipPercent":-9223372036854775809', 400, "invalid_tip"),
    _quote("a quote with an expected amount of 2^63", b'"expectedAmount":9223372036854775808', 200),
    _quote("an ignored amount of 1e400", b'"amount":1e400', 400, INPUT),
    _quote("an ignored amount of 2^53", b'"amountCents":9007199254740991', 200),
    _quote("an ignored negative amount", b'"amountCents":-1000', 200),
    _quote("an ignored zero amount", b'"amountCents":0', 200),
    _quote("an ignored amount as an object", b'"amountCents":{"a":1}', 400, INPUT),
    _quote(
        "prototype pollution by constructor",
        b'"constructor":{"prototype":{"admin":true}}',
        400,
        INPUT,
    ),
    _sized(CANCEL, 16 * KIB, 401, "invalid_link"),
    _sized(CANCEL, 16 * KIB + 1, 413, LARGE),
    _sized(CANCEL, 1024 * KIB, 413, LARGE),
    _sized("/checkout-intent/complete", 16 * KIB + 1, 413, LARGE),
    _sized("/checkout-intent/abandon", 16 * KIB + 1, 413, LARGE),
    _sized("/quote", 64 * KIB, 400, INPUT),
    _sized("/quote", 64 * KIB + 1, 413, LARGE),
    _sized("/checkout-intent/start", 64 * KIB, 400, INPUT),
    _sized("/checkout-intent/start", 64 * KIB + 1, 413, LARGE),
    _in_chunks(CANCEL, 16 * KIB, 401, "invalid_link"),
    _in_chunks(CANCEL, 16 * KIB + 1, 413, LARGE),
    _in_chunks(CANCEL, 64 * KIB, 413, LARGE),
    _in_chunks(CANCEL, 200, 401, "invalid_link", part=1),
    _in_chunks("/quote", 64 * KIB + 1, 413, LARGE),
    _in_chunks("/checkout-intent/start", 1024 * KIB, 413, LARGE),
    operate(
        "16 KiB and a byte to an operator's route",
        "/admin/settle/$SLUG",
        _padded(16 * KIB + 1),
        413,
        LARGE,
    ),
    Case(
        name="a body on a GET is not read",
        target="/stats/$SLUG",
        headers=JSON,
        body=b"x" * 200,
        status=200,
    ),
    Case(
        name="no body at all to a repair",
        method="POST",
        target="/stats/$SLUG/check",
        headers=OPERATOR,
        body=b"",
        status=200,
    ),
    Case(
        name="unknown field to an operator's route",
        method="POST",
        target="/admin/settle/$SLUG",
        headers={**OPERATOR, **JSON},
        body=as_bytes({"dryRun": True, "force": True}),
        status=400,
        error=INPUT,
    ),
)
