"""Paths that climb, hide or pretend; methods on routes that don't take them."""

from tests.hostile.case import Case, read

ORDER = "pool-intent-00000000000000000000000000000000"
STYLE = "/static/x/css/site.css"
NO_METHOD = "method_not_allowed"


def _method(method: str, target: str, status: int, error: str = "", **more: str) -> Case:
    return Case(
        name=f"{method} {target}"
        if not more
        else f"{method} {target} from {more.get('Origin', '')}",
        method=method,
        target=target,
        headers=more,
        status=status,
        error=error,
    )


def _slug(name: str, slug: str, status: int, error: str, route: str = "/stats") -> Case:
    return read(f"{route}: {name}", f"{route}/{slug}", status, error)


CASES = (
    *(
        case
        for route, odd, code, unknown in (
            ("/stats", 400, "invalid_input", "not_found"),
            ("/inventory", 404, "campaign_not_found", "campaign_not_found"),
            ("/live", 404, "not_found", "not_found"),
        )
        for case in (
            _slug("unknown slug", "no-such-film", 404, unknown, route),
            _slug("empty slug", "", 404, "not_found", route),
            _slug("climbing", "../../etc/passwd", 404, "not_found", route),
            _slug("climbing, encoded", "..%2f..%2fetc%2fpasswd", 404, "not_found", route),
            _slug("climbing, dots encoded", "%2e%2e/%2e%2e/etc/passwd", 404, "not_found", route),
            _slug("climbing, mixed", ".%2e/admin", 404, "not_found", route),
            _slug("climbing, encoded twice", "..%252f..%252fetc", odd, code, route),
            _slug("backslashes", "..%5c..%5cboot.ini", 404, "not_found", route),
            _slug("NUL", "film%00.json", 404, "not_found", route),
            _slug("bytes that are no UTF-8", "%ff%fe", odd, code, route),
            _slug("half a surrogate", "%ed%a0%80", odd, code, route),
            _slug("line feed", "film%0d%0aX-Evil:1", odd, code, route),
            _slug("upper case", "FILM", odd, code, route),
            _slug("underscores", "__proto__", odd, code, route),
            _slug("blank", "%20", odd, code, route),
            _slug("3,000 letters", "a" * 3_000, odd, code, route),
            _slug("semicolon", "film;a=b", odd, code, route),
        )
    ),
    read("10,000 letters", "/stats/" + "a" * 10_000, 414, "url_too_long"),
    read("two slashes", "/stats//film", 404, "not_found"),
    read("a page of a campaign that climbs", "/campaigns/..%2f..%2fadmin/", 404, "not_found"),
    read("a page of no campaign", "/campaigns/no-such-film/", 404, "not_found"),
    read("static file", STYLE, 200),
    read("static: climbing", "/static/x/../../app.py", 404, "not_found"),
    read("static: climbing, encoded", "/static/x/..%2f..%2fapp.py", 404, "not_found"),
    read("static: dots encoded", "/static/x/%2e%2e/%2e%2e/app.py", 404, "not_found"),
    read("static: encoded twice", "/static/x/..%252f..%252fapp.py", 404, "not_found"),
    read("static: absolute", "/static/x//etc/passwd", 404, "not_found"),
    read("static: NUL", "/static/x/css/site.css%00.png", 404, "not_found"),
    read("static: no file", "/static/x/css/", 404, "not_found"),
    read("media: climbing", "/media/../platform.yml", 404, "not_found"),
    read("media: climbing, encoded", "/media/..%2fplatform.yml", 404, "not_found"),
    read("media: dots encoded", "/media/%2e%2e/platform.yml", 404, "not_found"),
    read("media: encoded twice", "/media/%252e%252e%252fplatform.yml", 404, "not_found"),
    read("media: absolute", "/media//etc/passwd", 404, "not_found"),
    read("media: NUL", "/media/a.png%00.md", 404, "not_found"),
    read("media: hidden", "/media/.git/config", 404, "not_found"),
    read("media: a name of 3,000 letters", "/media/" + "a" * 3_000 + ".png", 404, "not_found"),
    read("the framework's schema", "/schema", 404, "not_found"),
    read("the framework's schema as JSON", "/schema/openapi.json", 404, "not_found"),
    read("health through a proxy", "/readyz", 404, "not_found", x_forwarded_for="203.0.113.9"),
    read("metrics through a proxy", "/metrics", 404, "not_found", forwarded="for=203.0.113.9"),
    *(
        _method(method, path, 404, "not_found")
        for method, path in (
            *(("POST", path) for path in ("/test/setup", "/test/cleanup", "/test/email")),
            *(("GET", path) for path in ("/test/votes", "/.env", "/.git/config", "/sandbox/clock")),
            *(("GET", path) for path in ("/wp-login.php", "/server-status", "/debug/pprof/")),
            *((method, "/nothing/here") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        )
    ),
    *(
        _method("GET", path, 405, NO_METHOD)
        for path in (
            *("/checkout-intent/start", "/checkout-intent/complete", "/checkout-intent/abandon"),
            *("/quote", "/webhooks/stripe", "/pledge/cancel", "/admin/projections/check"),
            *("/admin/settle/film", "/admin/settle-dispatch/film", "/admin/rebuild"),
            *("/admin/recover-checkout", "/stats/film/check", "/stats/film/recalculate"),
            "/admin/inventory",
        )
    ),
    *(
        _method("POST", path, 405, NO_METHOD)
        for path in (
            *(f"/checkout-intent/status/{ORDER}", "/checkout-intent/summary", "/inventory/film"),
            *("/pledge", "/pledges", "/stats/film", "/live/film", "/live/film/events"),
            *("/admin/settlements/film", "/admin/cron/status", "/api/campaigns.json"),
            *("/add-ons/inventory", "/api/add-ons.json"),
            *("/", "/about/", "/campaigns/$SLUG/", STYLE, "/robots.txt"),
        )
    ),
    *(
        _method(method, path, 405, NO_METHOD)
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
        for path in ("/pledge/cancel", "/pledge", "/")
    ),
    *(_method("HEAD", path, 200) for path in ("/", "/about/", "/campaigns/$SLUG/", STYLE)),
    *(_method("HEAD", path, 405) for path in ("/pledge/cancel", "/webhooks/stripe")),
    _method("HEAD", "/nothing/here", 404),
    *(
        _method(
            "OPTIONS",
            path,
            204,
            **{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        )
        for path in ("/checkout-intent/start", "/pledge/cancel", "/pledge", "/live/$SLUG")
    ),
)
