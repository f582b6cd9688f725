"""Links that open nothing: none, broken, forged, stale, or somebody else's."""

from tests.hostile.case import Case, read, write

BAD = "invalid_link"
START_CARD = "/pledge/payment-method/start"
AT_BANK = "/pledge/authenticate/start"
COMPLETE_CARD = "/pledge/payment-method/complete"
MODIFY, PREVIEW = "/pledge/modify", "/pledge/quote"
VOTE = {"decisionId": "poster", "option": "x"}
FORGED = (
    ("garbage", "totally_random_garbage_token_12345"),
    ("no signature", "eyJvcmRlcklkIjoidGVzdCJ9"),
    ("empty signature", "eyJvcmRlcklkIjoidGVzdCJ9."),
    ("only a dot", "."),
    ("three parts", "a.b.c"),
    ("a JWT that says alg none", "eyJhbGciOiJub25lIn0.e30."),
    ("the mode of tests", "dev-token-$SLUG"),
    ("tampered payload", "$TAMPERED_PAYLOAD"),
    ("tampered signature", "$TAMPERED_SIGNATURE"),
    ("signature cut short", "$SHORT_SIGNATURE"),
    ("padded base64", "$PADDED"),
    ("signed with another key", "$OTHER_KEY"),
    ("signed with an empty key", "$EMPTY_KEY"),
    ("key id nobody has", "$UNKNOWN_KID"),
    ("expired a second ago", "$EXPIRED"),
    ("of another kind", "$OTHER_SCOPE"),
    ("of a generation that is over", "$OLD_GENERATION"),
    # Everywhere in the same order: that it is over is said before whose it is.
    ("over, and another's", "$OLD_OF_ANOTHER"),
    ("payload that is no object", "$NO_OBJECT"),
    ("payload nested deeply", "$DEEP"),
)
ENCODED = (
    ("an attack", "..%2F..%2Fadmin%3Ftoken%3Dbypass"),
    ("NUL", "%00.%00"),
    ("line feeds", "a%0d%0aSet-Cookie:x.y"),
    ("bad UTF-8", "%ff%fe.x"),
    ("half a surrogate", "%ed%a0%80.x"),
    ("markup", "%3Cscript%3Ealert(1)%3C/script%3E"),
    ("SQL", "%27%20OR%20%271%27=%271"),
    ("1,900 letters", "a" * 1_900),
)


def _everywhere(name: str, token: str) -> tuple[Case, ...]:
    return (
        read(f"/pledge: {name}", f"/pledge?token={token}", 401, BAD),
        read(f"/pledges: {name}", f"/pledges?token={token}", 401, BAD),
        read(f"/pledge/export: {name}", f"/pledge/export?token={token}", 401, BAD),
        read(f"/pledge/mails: {name}", f"/pledge/mails?token={token}", 401, BAD),
        read(f"/votes: {name}", f"/votes?token={token}", 401, BAD),
        read(f"/community: {name}", f"/community?token={token}", 401, BAD),
        write(f"vote: {name}", "/votes", {"token": token, **VOTE}, 401, BAD),
        write(f"credit: {name}", "/credits", {"token": token, "creditedAs": "x"}, 401, BAD),
        write(f"cancel: {name}", "/pledge/cancel", {"token": token}, 401, BAD),
        write(f"erase: {name}", "/pledge/erase", {"token": token}, 401, BAD),
        write(f"change: {name}", MODIFY, {"token": token, "tipPercent": 0}, 401, BAD),
        write(f"price of a change: {name}", PREVIEW, {"token": token}, 401, BAD),
        write(f"another card: {name}", START_CARD, {"token": token}, 401, BAD),
        write(f"at the bank: {name}", AT_BANK, {"token": token}, 401, BAD),
        # A segment of dots alone is no address of ours.
        *(() if token == "." else (read(f"/pay: {name}", f"/pay/{token}", 401, BAD),)),
    )


CASES = (
    *(case for name, token in FORGED for case in _everywhere(name, token)),
    *(read(f"/pledge: {name}", f"/pledge?token={token}", 401, BAD) for name, token in ENCODED),
    *(
        read(f"{path}: {name}", f"{path}{query}", 400, "missing_token")
        for path in ("/pledge", "/pledges", "/pledge/mails")
        for name, query in (
            ("no token", ""),
            ("empty token", "?token="),
            ("token under another name", "?t=$TOKEN"),
            ("token in a header only", "?Token=$TOKEN"),
        )
    ),
    read("/pledge: token of 10 kB", "/pledge?token=" + "a" * 10_000, 414, "url_too_long"),
    read("/pledge: two tokens", "/pledge?token=x&token=y", 401, BAD),
    read("/pledge: an operator's secret is no link", "/pledge?token=$ADMIN", 401, BAD),
    write("at the bank: nothing is due", AT_BANK, {"token": "$TOKEN"}, 409, "nothing_due"),
    write("at the bank: empty token", AT_BANK, {"token": ""}, 400, "missing_token"),
    write("cancel: empty token", "/pledge/cancel", {"token": ""}, 400, "missing_token"),
    write(
        "cancel: an order without its token",
        "/pledge/cancel",
        {"orderId": "$ORDER"},
        400,
        "invalid_input",
    ),
    write(
        "cancel: only an operator's secret",
        "/pledge/cancel",
        {},
        400,
        "invalid_input",
        authorization="Bearer $ADMIN",
    ),
    write(
        "cancel: another's order",
        "/pledge/cancel",
        {"token": "$TOKEN", "orderId": "$OTHER_ORDER"},
        403,
        "not_yours",
    ),
    write(
        "cancel: no order of theirs",
        "/pledge/cancel",
        {"token": "$TOKEN", "orderId": ""},
        403,
        "not_yours",
    ),
    write(
        "cancel: cancelled before",
        "/pledge/cancel",
        {"token": "$CANCELLED"},
        409,
        "pledge_cancelled",
    ),
    read("/pledge: cancelled, still shown", "/pledge?token=$CANCELLED", 200),
    write(
        "erase: another's order",
        "/pledge/erase",
        {"token": "$TOKEN", "orderId": "$OTHER_ORDER"},
        403,
        "not_yours",
    ),
    read("/votes: a pledge that was cancelled", "/votes?token=$CANCELLED", 403, "no_access"),
    read(
        "/community: a pledge that was cancelled", "/community?token=$CANCELLED", 403, "no_access"
    ),
    write("vote: cancelled", "/votes", {"token": "$CANCELLED", **VOTE}, 403, "no_access"),
    write("vote: on nothing", "/votes", {"token": "$TOKEN", **VOTE}, 400, "unknown_decision"),
    read("/votes: NUL for a decision", "/votes?token=$TOKEN&decisions=%00", 400, "invalid_input"),
    write(
        "credit: a name with no end",
        "/credits",
        {"token": "$TOKEN", "creditedAs": "x" * 501},
        400,
        "invalid_input",
    ),
    *(
        case
        for name, token, status, error in (
            ("a pledge that is gone", "$GHOST", 404, "not_found"),
            ("another's e-mail", "$WRONG_EMAIL", 403, "not_yours"),
            ("another campaign", "$WRONG_CAMPAIGN", 403, "not_yours"),
            ("an order id with NUL", "$NUL_ORDER", 404, "not_found"),
            ("no e-mail address", "$NO_EMAIL", 403, "not_yours"),
        )
        for case in (
            read(f"/pledge, well signed: {name}", f"/pledge?token={token}", status, error),
            read(
                f"/pledge/export, well signed: {name}",
                f"/pledge/export?token={token}",
                status,
                error,
            ),
            read(
                f"/pledge/mails, well signed: {name}",
                f"/pledge/mails?token={token}",
                status,
                error,
            ),
            read(f"/votes, well signed: {name}", f"/votes?token={token}", status, error),
            read(f"/community, well signed: {name}", f"/community?token={token}", status, error),
            write(f"vote, well signed: {name}", "/votes", {"token": token, **VOTE}, status, error),
            write(
                f"cancel, well signed: {name}", "/pledge/cancel", {"token": token}, status, error
            ),
            write(f"erase, well signed: {name}", "/pledge/erase", {"token": token}, status, error),
            write(f"change, well signed: {name}", MODIFY, {"token": token}, status, error),
            write(
                f"price of a change, well signed: {name}", PREVIEW, {"token": token}, status, error
            ),
            write(
                f"another card, well signed: {name}", START_CARD, {"token": token}, status, error
            ),
            read(f"/pay, well signed: {name}", f"/pay/{token}", status, error),
            write(f"at the bank, well signed: {name}", AT_BANK, {"token": token}, status, error),
            write(
                f"card saved, well signed: {name}",
                COMPLETE_CARD,
                {"token": token, "sessionId": "cs_x"},
                status,
                error,
            ),
        )
    ),
    write("another card: no token", START_CARD, {}, 400, "invalid_input"),
    write("another card: empty token", START_CARD, {"token": ""}, 400, "missing_token"),
    write(
        "another card: a pledge that was cancelled",
        START_CARD,
        {"token": "$CANCELLED"},
        409,
        "pledge_cancelled",
    ),
    write(
        "another card: somebody else's order beside the link",
        START_CARD,
        {"token": "$TOKEN", "orderId": "$OTHER_ORDER"},
        400,
        "invalid_input",
    ),
    write(
        "another card: a page of nobody's",
        START_CARD,
        {"token": "$TOKEN", "checkoutUiMode": "https://evil.example"},
        400,
        "invalid_input",
    ),
    write(
        "card saved: a session of nobody",
        COMPLETE_CARD,
        {"token": "$TOKEN", "sessionId": "cs_x"},
        404,
        "session_not_found",
    ),
    write(
        "card saved: a session with NUL",
        COMPLETE_CARD,
        {"token": "$TOKEN", "sessionId": "cs_\x00"},
        400,
        "invalid_input",
    ),
    write("card saved: no session", COMPLETE_CARD, {"token": "$TOKEN"}, 400, "invalid_input"),
    read("/pledge: the right token", "/pledge?token=$TOKEN", 200),
    read("manage page: the right token", "/manage/?t=$TOKEN", 200),
    read("manage page: no token", "/manage/", 200),
    read("manage page: a forged link shows the page and nothing else", "/manage/?t=forged", 401),
    read("manage page: markup in the link", "/manage/?t=%3Cscript%3Ealert(1)%3C/script%3E", 401),
    *(
        write(f"lost links: {name}", "/pledge/links", body, status, error)
        for name, body, status, error in (
            ("a supporter's address", {"email": "$OTHER_EMAIL"}, 202, ""),
            ("a stranger's address", {"email": "nobody@halfmoon.example"}, 202, ""),
            ("no address", {"email": "nobody"}, 400, "invalid_email"),
            ("an address with NUL", {"email": "a@b.example\x00"}, 400, "invalid_input"),
            (
                "an address of 400 letters",
                {"email": "a" * 400 + "@b.example"},
                400,
                "invalid_input",
            ),
            ("nothing", {}, 400, "invalid_input"),
            ("a list", {"email": ["a@b.example"]}, 400, "invalid_input"),
        )
    ),
)
