"""The small rules of the gateway: policies, origins, addresses, names."""

from typing import Any

import pytest

from contracts.refusals import Refusal
from services.chassis.web.addresses import limited_as
from services.site.door.addresses import Proxies
from services.site.door.admission import origin_of
from services.site.door.front_door import Hosts
from services.site.door.headers import Policy

STRIPE = "https://js.stripe.com/endive/stripe.js"
SANDBOX = "http://127.0.0.1:9000/stripe.js"


def rules(policy: str) -> dict[str, str]:
    pairs = [rule.partition(" ") for rule in policy.split("; ")]
    return {name: sources for name, _, sources in pairs}


def test_a_page_that_does_not_pay_trusts_nobody() -> None:
    page = rules(Policy(site_base="https://pool.example", stripe_js_url=STRIPE).page(pays=False))

    assert page["script-src"] == page["style-src"] == page["connect-src"] == "'self'"
    assert page["frame-src"] == page["object-src"] == page["base-uri"] == "'none'"
    assert page["frame-ancestors"] == page["default-src"] == "'none'"
    assert "upgrade-insecure-requests" in page


def test_a_page_that_pays_trusts_stripe_and_in_production_nobody_else() -> None:
    page = rules(Policy(site_base="https://pool.example", stripe_js_url=STRIPE).page(pays=True))

    assert page["script-src"] == "'self' https://js.stripe.com https://*.js.stripe.com"
    assert "https://api.stripe.com" in page["connect-src"]
    assert "https://hooks.stripe.com" in page["frame-src"]


def test_the_sandbox_is_trusted_where_its_script_is_loaded() -> None:
    policy = Policy(site_base="http://127.0.0.1:8000", stripe_js_url=SANDBOX)

    paying, other = rules(policy.page(pays=True)), rules(policy.page(pays=False))

    for name in ("script-src", "frame-src", "connect-src"):
        assert "http://127.0.0.1:9000" in paying[name]
        assert "http://127.0.0.1:9000" not in other[name]
    assert "upgrade-insecure-requests" not in paying


def test_the_challenge_is_trusted_only_where_there_is_one_and_it_is_asked() -> None:
    policy = Policy(site_base="https://pool.example", stripe_js_url=STRIPE, has_challenge=True)
    without = Policy(site_base="https://pool.example", stripe_js_url=STRIPE)

    for name in ("script-src", "frame-src"):
        assert "https://challenges.cloudflare.com" in rules(policy.page(pays=True))[name]
        assert "cloudflare" not in rules(policy.page(pays=False))[name]
        asked = rules(policy.page(pays=False, challenges=True))
        assert "https://challenges.cloudflare.com" in asked[name]
        assert "stripe" not in asked[name]
        assert "cloudflare" not in rules(without.page(pays=False, challenges=True))[name]
        assert "cloudflare" not in rules(without.page(pays=True))[name]


def test_foreign_pictures_are_named_one_by_one() -> None:
    policy = Policy(site_base="https://pool.example", stripe_js_url=STRIPE)

    page = rules(policy.page(pays=False, image_origins=("https://img.example",)))

    assert page["img-src"] == "'self' data: https://img.example"
    assert page["media-src"] == "'self' https://img.example"
    assert page["script-src"] == "'self'"


def test_https_is_promised_for_a_year_where_there_is_any() -> None:
    secure = dict(Policy(site_base="https://pool.example", stripe_js_url=STRIPE).defaults())
    plain = dict(Policy(site_base="http://127.0.0.1:8000", stripe_js_url=STRIPE).defaults())

    expected = b"max-age=31536000; includeSubDomains"
    assert secure[b"strict-transport-security"] == expected
    assert b"strict-transport-security" not in plain


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Pool.Example/a/?b=c", "https://pool.example"),
        ("https://pool.example:443/", "https://pool.example"),
        ("http://pool.example:80", "http://pool.example"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://user@pool.example/", "https://pool.example"),
        ("null", ""),
        ("", ""),
        ("file:///etc", ""),
        ("https://[bad", ""),
        ("https://pool.example:99999999/", ""),
    ],
)
def test_an_origin_is_what_browsers_write(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def scope(peer: str, *headers: tuple[bytes, bytes]) -> Any:
    return {"type": "http", "client": (peer, 1234), "headers": list(headers)}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ("", "10.0.0.1", "9.9.9.9", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "<script>", "10.0.0.1"),
        ("10.0.0.0/8", "8.8.8.8", "9.9.9.9", "8.8.8.8"),
        ("10.0.0.0/8, ::1", "::1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "::ffff:127.0.0.1", "9.9.9.9", "9.9.9.9"),
    ],
)
def test_only_our_own_proxies_are_believed(
    trusted: str, peer: str, forwarded: str, client: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []

    assert Proxies(trusted).client(scope(peer, *headers)) == client


def test_a_limit_counts_a_household() -> None:
    assert limited_as("2001:db8:1:2:3:4:5:6") == limited_as("2001:db8:1:2::1")
    assert limited_as("203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize(
    ("base", "allowed", "host", "is_known"),
    [
        ("https://pool.example", "", "pool.example", True),
        ("https://pool.example", "", "POOL.example", True),
        ("https://pool.example", "", "pool.example:8000", False),
        ("https://pool.example", "", "poolXexample", False),
        ("https://pool.example", "", "x:@pool.example", False),
        ("https://pool.example", "", "localhost", False),
        ("https://pool.example", "site.internal:8000", "site.internal:8000", True),
        ("http://127.0.0.1:8000", "", "localhost:8000", True),
        ("http://127.0.0.1:8000", "", "[::1]:8000", True),
        ("http://127.0.0.1:8000", "", "evil.example:8000", False),
    ],
)
def test_hosts_are_exact(base: str, allowed: str, host: str, is_known: bool) -> None:
    hosts = Hosts(site_base=base, allowed=allowed)

    try:
        hosts.require_known(scope("127.0.0.1", (b"host", host.encode())))
    except Refusal:
        assert not is_known
    else:
        assert is_known


@pytest.mark.parametrize(
    ("peer", "host", "forwarded", "is_shown"),
    [
        ("127.0.0.1", "pool.example", False, True),
        ("10.1.2.3", "10.1.2.4:8000", False, True),
        ("10.1.2.3", "pool.example", False, False),
        ("8.8.8.8", "10.1.2.4:8000", False, False),
        ("127.0.0.1", "pool.example", True, False),
    ],
)
def test_health_is_for_probes(peer: str, host: str, forwarded: bool, is_shown: bool) -> None:
    hosts = Hosts(site_base="https://pool.example", allowed="")
    extra = [(b"x-forwarded-for", b"203.0.113.9")] if forwarded else []

    try:
        hosts.require_insider(scope(peer, (b"host", host.encode()), *extra))
    except Refusal:
        assert not is_shown
    else:
        assert is_shown
