"""Who a browser says it is, and what it says it sends: writes only from our own pages, as JSON."""

from tests.hostile.case import JSON, Case, as_bytes

QUOTE = {"items": [{"id": "$SLUG__frame"}]}
BROWSER_ROUTES = {
    "/checkout-intent/start": {"items": []},
    "/checkout-intent/complete": {"orderId": "x"},
    "/checkout-intent/abandon": {"orderId": "x"},
    "/quote": {"items": []},
    "/shipping/quote": {"items": []},
    "/tax/quote": {"subtotalCents": 1},
    "/pledge/cancel": {"token": "x"},
    "/pledge/erase": {"token": "x"},
    "/votes": {"token": "x", "decisionId": "x", "option": "x"},
    "/pledge/modify": {"token": "x"},
    "/pledge/quote": {"token": "x"},
    "/pledge/payment-method/start": {"token": "x"},
    "/pledge/payment-method/complete": {"token": "x", "sessionId": "cs_x"},
}
ALL_ROUTES = (*BROWSER_ROUTES, "/admin/recover-checkout", "/admin/settle/film")


def _from(name: str, status: int, error: str = "", **headers: str) -> Case:
    named = {key.replace("_", "-").title(): value for key, value in headers.items()}
    return _quote(name, {**JSON, **named}, status, error)


def _quote(name: str, headers: dict[str, str], status: int, error: str = "") -> Case:
    return Case(
        name=name,
        method="POST",
        target="/quote",
        headers=headers,
        body=as_bytes(QUOTE),
        status=status,
        error=error,
    )


def _typed(name: str, content_type: str, status: int, error: str = "") -> Case:
    headers = {"Origin": "$SITE", "Content-Type": content_type}
    return _quote(f"content type: {name}", headers, status, error)


FOREIGN = "foreign_origin"
WRONG_TYPE = "unsupported_media_type"

CASES = (
    _from("our Origin", 200, origin="$SITE"),
    _from("our Referer only", 200, referer="$SITE/campaigns/film/"),
    _from("our Origin, same-origin", 200, origin="$SITE", sec_fetch_site="same-origin"),
    _from("neither Origin nor Referer", 403, FOREIGN),
    _from("foreign Origin", 403, FOREIGN, origin="https://evil.example"),
    _from(
        "foreign Origin, our Referer", 403, FOREIGN, origin="https://evil.example", referer="$SITE/"
    ),
    _from("Origin null", 403, FOREIGN, origin="null"),
    _from("Origin null, our Referer", 403, FOREIGN, origin="null", referer="$SITE/"),
    _from("empty Origin, our Referer", 403, FOREIGN, origin="", referer="$SITE/"),
    _from("our Origin as a prefix", 403, FOREIGN, origin="$SITE.evil.example"),
    _from("our Origin with a slash", 403, FOREIGN, origin="$SITE/"),
    _from("our Origin in upper case", 403, FOREIGN, origin="HTTP://$HOST"),
    _from("our Origin with the other scheme", 403, FOREIGN, origin="https://$HOST"),
    _from("our host with another port", 403, FOREIGN, origin="http://127.0.0.1:1"),
    _from("two Origins in one", 403, FOREIGN, origin="$SITE, https://evil.example"),
    _from("foreign Referer", 403, FOREIGN, referer="https://evil.example/"),
    _from("our name in a foreign Referer", 403, FOREIGN, referer="https://evil.example/?$SITE/"),
    _from("our name as the user of a Referer", 403, FOREIGN, referer="http://$HOST@evil.example/"),
    _from("Referer that is no address", 403, FOREIGN, referer="http://[::1"),
    _from("Referer with a port over 65535", 403, FOREIGN, referer="http://127.0.0.1:99999/"),
    *(
        _from(
            f"our Origin, Sec-Fetch-Site {value}",
            403,
            FOREIGN,
            origin="$SITE",
            sec_fetch_site=value,
        )
        for value in ("cross-site", "same-site", "none", "nonsense")
    ),
    *(
        Case(
            name=f"foreign Origin on {path}",
            method="POST",
            target=path,
            headers={**JSON, "Origin": "https://evil.example"},
            body=as_bytes(body),
            status=403,
            error=FOREIGN,
        )
        for path, body in BROWSER_ROUTES.items()
    ),
    _typed("JSON", "application/json", 200),
    _typed("JSON in UTF-8", "application/json; charset=utf-8", 200),
    _typed("JSON in UTF-8, loudly", 'APPLICATION/JSON; Charset="UTF-8"', 200),
    _typed("none", "-", 415, WRONG_TYPE),
    _typed("empty", "", 415, WRONG_TYPE),
    _typed("text/plain", "text/plain", 415, WRONG_TYPE),
    _typed("form", "application/x-www-form-urlencoded", 415, WRONG_TYPE),
    _typed("multipart", "multipart/form-data; boundary=x", 415, WRONG_TYPE),
    _typed("JSON in Latin 1", "application/json; charset=latin-1", 415, WRONG_TYPE),
    _typed("JSON in UTF-16", "application/json; charset=utf-16", 415, WRONG_TYPE),
    _typed("JSON with another parameter", "application/json; profile=x", 415, WRONG_TYPE),
    _typed("text/json", "text/json", 415, WRONG_TYPE),
    _typed("JSON of a kind", "application/vnd.api+json", 415, WRONG_TYPE),
    _typed("two in one", "text/plain, application/json", 415, WRONG_TYPE),
    _typed("nonsense", ";;;/", 415, WRONG_TYPE),
    *(
        Case(
            name=f"text/plain to {path}",
            method="POST",
            target=path,
            headers={
                "Origin": "$SITE",
                "Authorization": "Bearer $ADMIN",
                "Content-Type": "text/plain",
            },
            body=b"{}",
            status=415,
            error=WRONG_TYPE,
        )
        for path in ALL_ROUTES
    ),
    *(
        _quote(
            f"content encoding {name}",
            {**JSON, "Origin": "$SITE", "Content-Encoding": name},
            415,
            WRONG_TYPE,
        )
        for name in ("gzip", "br", "deflate", "gzip, identity", "nonsense")
    ),
)
