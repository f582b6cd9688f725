"""The cart's form and the pages after the card: the only writes that come as forms, not JSON."""

from tests.hostile.case import OURS, Case, read

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GOOD = b"item.$SLUG__frame=1&tip=5"
FOREIGN, WRONG_TYPE, NO_FORM = "foreign_origin", "unsupported_media_type", "invalid_form"
BAD = "invalid_input"


def _send(
    name: str,
    body: bytes,
    status: int,
    error: str = "",
    target: str = "/cart/",
    **headers: str,
) -> Case:
    named = {key.replace("_", "-").title(): value for key, value in headers.items()}
    return Case(
        name=f"form: {name}",
        method="POST",
        target=target,
        headers={**OURS, **FORM, **named},
        body=body,
        status=status,
        error=error,
    )


def _from(name: str, **headers: str) -> Case:
    named = {key.replace("_", "-").title(): value for key, value in headers.items()}
    return Case(
        name=f"form: {name}",
        method="POST",
        target="/cart/",
        headers={**FORM, **named},
        body=GOOD,
        status=403,
        error=FOREIGN,
    )


REMIND = "/campaigns/$SLUG/remind/"
CASES = (
    _send("a reminder of a film that is open", b"email=a%40b.example", 409, target=REMIND),
    _send(
        "a reminder, JSON", b"{}", 415, WRONG_TYPE, target=REMIND, content_type="application/json"
    ),
    _send("a reminder, a large body", b"email=" + b"a" * 5_000, 413, "too_large", target=REMIND),
    _send("a reminder, a script", b"email=%22%3E%3Cscript%3Ex", 409, target=REMIND),
    _send(
        "a reminder of nothing",
        b"email=a%40b.example",
        404,
        "not_found",
        "/campaigns/none/remind/",
    ),
    _send("a reminder, foreign", b"email=a", 403, FOREIGN, REMIND, origin="https://evil.example"),
    _send("a cart", GOOD, 200),
    _send("a cart in Spanish", GOOD, 200, target="/es/cart/"),
    _send("nothing", b"", 200),
    _from("no origin"),
    _from("foreign Origin", origin="https://evil.example"),
    _from("Origin null", origin="null"),
    _from("foreign Referer", referer="https://evil.example/"),
    _from("our Origin, cross-site", origin="$SITE", sec_fetch_site="cross-site"),
    _send("JSON", b"{}", 415, WRONG_TYPE, content_type="application/json"),
    _send("multipart", b"--x--", 415, WRONG_TYPE, content_type="multipart/form-data; boundary=x"),
    _send("plain text", b"add=x", 415, WRONG_TYPE, content_type="text/plain"),
    _send("no type", b"add=x", 415, WRONG_TYPE, content_type=""),
    _send(
        "UTF-16", b"add=x", 415, WRONG_TYPE, content_type=f"{FORM['Content-Type']}; charset=utf-16"
    ),
    _send("packed", b"\x1f\x8b", 415, WRONG_TYPE, content_encoding="gzip"),
    _send("half a sign", b"city=%ff", 400, NO_FORM),
    _send("no text", b"\xff\xfe\x00", 400, NO_FORM),
    _send("no pairs", b"hello", 400, NO_FORM),
    _send("seven hundred fields", b"a=1&" * 700, 400, NO_FORM),
    _send("a hundred and one things", b"&".join(b"item.a%d=1" % n for n in range(101)), 400, BAD),
    _send("NUL", b"city=%00", 400, BAD),
    _send("a forged header", b"email=a%40b.example%0d%0aBcc:+c%40d.example", 400, BAD),
    _send("an escape in a name", b"%1b[2J=x", 400, BAD),
    _send("a long text", b"city=" + b"a" * 600, 400, BAD),
    _send("a large body", b"city=" + b"a" * 70_000, 413, "too_large"),
    _send("a script", b"add=%3Cscript%3Ealert(1)%3C/script%3E&email=%22%3E%3Cscript%3E", 200),
    _send("a template", b"add={{7*7}}&city={%25+raw+%25}&ref=${7*7}", 200),
    _send("SQL", b"remove='+OR+1=1--&item.$SLUG__frame=1", 200),
    _send("a price of one's own", GOOD + b"&expected=1&amount=1&price=1&seen.tax=0", 200),
    _send("a tip of a thousand", b"item.$SLUG__frame=1&tip=1000", 200),
    _send("minus one tip", b"item.$SLUG__frame=1&tip=-1", 200),
    _send("minus one frame", b"item.$SLUG__frame=-1&do=next", 400),
    _send("many frames", b"item.$SLUG__reel=99999&do=next", 400),
    _send("half a frame", b"item.$SLUG__frame=0.5&do=next", 400),
    _send("Arabic digits", b"item.$SLUG__frame=%D9%A1&do=next", 400),
    _send("no such film", b"add=nobody__frame", 200),
    _send("no such reward", b"add=$SLUG__nothing", 200),
    _send("odd items", b"item.=1&item.__=1&item.a=1&item.addon__=1&do=next", 400),
    _send("a cart that asks for a card and says nothing else", GOOD + b"&step=card&do=pledge", 400),
    _send("a deed that is none", GOOD + b"&do=drop", 200),
    _send("two buttons", GOOD + b"&less=$SLUG__frame&do=pledge&remove=$SLUG__frame", 200),
    _send("somebody's order to give up", GOOD + b"&order=$NOBODYS", 200),
    _send("an order that is none", GOOD + b"&order=../../admin", 200),
    _send("an attribution of odd signs", GOOD + b"&ref=%E2%80%AE%F0%9F%8E%AC&utm_source='\"", 200),
    *(
        read(f"{page} of {name}", f"/campaigns/$SLUG/{page}/?order={order}", status)
        for page, unknown in (("pledge-success", 404), ("pledge-cancel", 200))
        for name, order, status in (
            ("nobody's order", "$NOBODYS", unknown),
            ("an order with blanks", "pool-intent-a%20b", 200),
            ("NUL", "pool-intent-%00", 200),
            ("a path", "../../admin", 200),
            ("a script", "%3Cscript%3Ealert(1)%3C/script%3E", 200),
            ("a long order", "pool-intent-" + "a" * 900, 200),
        )
    ),
    read(
        "success of another film's order", "/campaigns/$UPCOMING/pledge-success/?order=$ORDER", 404
    ),
    read(
        "success of nobody's film",
        "/campaigns/nobody/pledge-success/?order=$ORDER",
        404,
        "not_found",
    ),
)
