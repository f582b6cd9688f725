"""The cart's form and the pages after the card, as a browser without scripts meets them."""

import re
from typing import Any

import msgspec
import pytest

from contracts.api.checkout import Started
from contracts.consent import CONSENT_VERSION, text_in
from tests.site import carts
from tests.site.hearing import Run
from tests.site.running import Behind, RunningSite

ORDER = "pool-intent-0123456789abcdef"
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
PRICED = carts.quote(
    msgspec.structs.replace(
        carts.share("long-take", ("long-take__frame", 1_999), why=()),
        tax=157,
        tip_amount=100,
        amount=2_256,
    )
)
QUOTE = msgspec.to_builtins(PRICED)


def started(ui_mode: str, **more: str) -> dict[str, Any]:
    """Return checkout's word of a checkout that waits for a card."""
    told = Started(
        **msgspec.structs.asdict(PRICED),
        checkout_ui_mode=ui_mode,
        order_id=ORDER,
        session_id="cs_1",
        **more,
    )
    answer: dict[str, Any] = msgspec.to_builtins(told)
    return answer


def receipt(status: str = "persisted", slug: str = "long-take") -> dict[str, Any]:
    """Return checkout's word of what became of the order."""
    part = carts.receipt_share(slug, "Long Take", ("long-take__frame", 1_999))
    sums = msgspec.structs.asdict(PRICED.totals)
    told = carts.receipt(status, msgspec.structs.replace(part, **sums))
    answer: dict[str, Any] = msgspec.to_builtins(told)
    return answer


HOSTED = started("hosted", url="https://stripe.example/c")
CUSTOM = started("custom", client_secret="cs_secret")
CART = {"item.long-take__frame": "1"}
READY = {
    **CART,
    "step": "card",
    "email": "noor@halfmoon.example",
    "expected": "2256",
    "consent": f"{CONSENT_VERSION}:en:long-take=2256",
    "key": "a" * 32,
}


@pytest.fixture
def behind(shared: tuple[RunningSite, Behind], one_film: RunningSite) -> Behind:
    """Checkout, as the shared site meets it: it quotes until it is told otherwise."""
    _, fake = shared
    answer(fake, QUOTE)
    return fake


def answer(fake: Behind, body: Any, status: int = 200) -> None:
    fake.status, fake.answer = status, msgspec.json.encode(body)


def asked(fake: Behind, target: str) -> dict[str, Any]:
    """Return the last body sent to a path of checkout."""
    found = [each.body for each in fake.heard if each.target == target]
    body: dict[str, Any] = msgspec.json.decode(found[-1])
    return body


async def send(
    site: RunningSite, fields: dict[str, str], path: str = "/cart/", **headers: str
) -> Any:
    return await site.http.post(path, data=fields, headers={**FORM, **headers})


def fields_of(page: str) -> dict[str, str]:
    """Return what the page's form would send again."""
    inputs = re.findall(r'<input[^>]+name="([^"]+)"[^>]*?value="([^"]*)"', page)
    return dict(inputs)


async def test_a_reward_goes_from_the_film_to_a_page_with_its_price(
    one_film: RunningSite, behind: Behind
) -> None:
    film = (await one_film.http.get("/campaigns/long-take/")).text
    assert 'action="/cart/"' in film
    assert 'name="add" value="long-take__frame"' in film

    page = await send(one_film, {"add": "long-take__frame"}, referer=f"{one_film.url}/?ref=zine")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert "$22.56" in page.text
    again = fields_of(page.text)
    assert again["item.long-take__frame"] == "1"
    assert again["ref"] == "zine"
    assert again["expected"] == "2256"
    assert asked(behind, "/quote") == {
        "campaignSlug": "long-take",
        "items": [{"id": "long-take__frame", "quantity": 1}],
        "tipPercent": 5,
        "preferredLang": "en",
    }


async def test_the_card_is_entered_on_stripes_page(one_film: RunningSite, behind: Behind) -> None:
    answer(behind, HOSTED)

    gone = await send(one_film, {**READY, "do": "pledge", "utm_source": "mail"})

    assert (gone.status_code, gone.headers["location"]) == (303, "https://stripe.example/c")
    body = asked(behind, "/checkout-intent/start")
    assert body["checkoutUiMode"] == "hosted"
    assert body["expectedAmount"] == 2256
    assert body["email"] == "noor@halfmoon.example"
    assert body["utmSource"] == "mail"
    assert body["consent"] == {
        "version": CONSENT_VERSION,
        "language": "en",
        "hash": text_in("en").sha256,
    }
    headers = behind.heard[-1].headers
    assert headers["idempotency-key"] == "a" * 32
    assert headers["origin"] == one_film.url


async def test_a_script_gets_checkouts_own_answer(one_film: RunningSite, behind: Behind) -> None:
    answer(behind, CUSTOM)

    started = await send(one_film, {**READY, "do": "card", "script": "1"})

    assert started.headers["content-type"] == "application/json"
    assert started.json()["clientSecret"] == "cs_secret"
    assert "checkoutUiMode" not in asked(behind, "/checkout-intent/start")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"email": ""}, "email", id="no email"),
        pytest.param({"consent": ""}, "consent", id="no consent"),
        pytest.param(
            {"consent": f"{CONSENT_VERSION}:en:long-take=1"},
            "consent",
            id="consent for another sum",
        ),
    ],
)
async def test_what_is_missing_is_named_and_nothing_is_lost(
    one_film: RunningSite, behind: Behind, changes: dict[str, str], field: str
) -> None:
    page = await send(one_film, {**READY, **changes, "do": "pledge"})

    assert page.status_code == 400
    assert f'href="#{field}"' in page.text
    assert "autofocus" in page.text
    assert [each.target for each in behind.heard] == ["/quote"], "nothing was started"
    again = fields_of(page.text)
    assert again["item.long-take__frame"] == "1"
    assert again["step"] == "card"


async def test_a_script_is_drawn_what_is_wrong(one_film: RunningSite, behind: Behind) -> None:
    page = await send(one_film, {**READY, "email": "", "do": "save", "script": "1"})

    assert page.status_code == 200
    assert 'href="#email"' in page.text


async def test_a_price_that_changed_is_shown_before_anything_is_saved(
    one_film: RunningSite, behind: Behind
) -> None:
    answer(behind, {"error": "price_changed", "message": "x", **QUOTE}, status=409)
    seen = {
        "expected": "2000",
        "consent": f"{CONSENT_VERSION}:en:long-take=2000",
        "seen.long-take__frame": "1799",
    }

    page = await send(one_film, {**READY, **seen, "do": "pledge"})

    assert page.status_code == 409
    assert "The price changed while you were reading." in page.text
    assert "$17.99" in page.text
    assert fields_of(page.text)["expected"] == "2256"
    asked_again = f'id="consent" value="{CONSENT_VERSION}:en:long-take=2256" aria'
    assert asked_again in page.text, "it is not ticked any more"
    assert [each.target for each in behind.heard] == ["/checkout-intent/start"]


async def test_who_is_asked_to_show_that_a_person_is_there_can_do_so(
    run: Run, services: Behind
) -> None:
    async with run(turnstile_site_key="0x4AAAAAAA") as site:
        answer(services, {"error": "challenge_needed", "message": "x"}, status=429)
        services.queue = [(429, {"error": "challenge_needed", "message": "x"}), (200, QUOTE)]
        page = await send(site, {**READY, "do": "card", "script": "1"})
        assert 'data-challenge="0x4AAAAAAA"' in page.text
        assert "challenges.cloudflare.com" in page.headers["content-security-policy"]

        answer(services, CUSTOM)
        again = {**READY, "do": "card", "script": "1", "cf-turnstile-response": "t" * 2_000}
        started = await send(site, again)

    assert started.json()["orderId"] == ORDER
    assert asked(services, "/checkout-intent/start")["challengeToken"] == "t" * 2_000


async def test_what_is_sold_out_can_be_taken_out(one_film: RunningSite, behind: Behind) -> None:
    no = {"error": "sold_out", "message": "x", "campaignSlug": "long-take", "tierId": "frame"}
    answer(behind, {**no, "remaining": 0}, status=409)

    page = await send(one_film, {**READY, "do": "pledge"})

    assert page.status_code == 409
    assert "A frame is sold out" in page.text
    assert 'name="remove" value="long-take__frame"' in page.text


async def test_checkout_away_loses_nothing(one_film: RunningSite, behind: Behind) -> None:
    behind.hangs_up = 3

    page = await send(one_film, {**READY, "do": "pledge"})

    assert page.status_code == 503
    assert page.headers["retry-after"]
    again = fields_of(page.text)
    assert again["item.long-take__frame"] == "1"
    assert 'value="noor@halfmoon.example"' in page.text


async def test_a_key_that_led_to_a_pledge_leads_to_its_receipt(
    one_film: RunningSite, behind: Behind
) -> None:
    behind.queue = [
        (409, {"error": "conflict", "message": "x", "orderId": ORDER}),
        (200, receipt()),
    ]

    read = READY["consent"].replace(":en:", ":es:")
    gone = await send(one_film, {**READY, "consent": read, "do": "pledge"}, path="/es/cart/")

    assert gone.status_code == 303
    assert gone.headers["location"] == f"/es/campaigns/long-take/pledge-success/?order={ORDER}"


async def test_a_key_that_led_nowhere_is_followed_by_a_fresh_one(
    one_film: RunningSite, behind: Behind
) -> None:
    behind.queue = [
        (409, {"error": "conflict", "message": "x", "orderId": ORDER}),
        (200, receipt("expired")),
        (200, HOSTED),
    ]

    gone = await send(one_film, {**READY, "do": "pledge"})

    assert gone.headers["location"] == "https://stripe.example/c"
    keys = [each.headers.get("idempotency-key") for each in behind.heard]
    assert keys[0] == "a" * 32
    assert keys[2] not in (None, "a" * 32)


async def test_an_order_that_was_left_gives_back_what_it_holds(
    one_film: RunningSite, behind: Behind
) -> None:
    await send(one_film, {**CART, "order": ORDER})

    assert [each.target for each in behind.heard] == ["/checkout-intent/abandon", "/quote"]
    assert asked(behind, "/checkout-intent/abandon") == {"orderId": ORDER}


async def test_add_ons_alone_are_no_pledge(one_film: RunningSite, behind: Behind) -> None:
    page = await send(one_film, {"item.addon__pin": "1"})

    assert "Add-ons come with a pledge." in page.text
    assert behind.heard == []


@pytest.mark.parametrize("path", ["/cart/", "/es/cart/"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "", "referer": "https://evil.example/"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "application/json"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded; charset=utf-16"}, 415),
        ({"content-encoding": "gzip"}, 415),
    ],
)
async def test_only_our_own_forms_are_taken(
    one_film: RunningSite, behind: Behind, path: str, headers: dict[str, str], status: int
) -> None:
    page = await one_film.http.post(path, content=b"add=x", headers={**FORM, **headers})

    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-store"
    assert behind.heard == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"city=%ff%fe", 400, id="no UTF-8"),
        pytest.param(b"\xff\xfe", 400, id="no text"),
        pytest.param(b"city=%00", 400, id="NUL"),
        pytest.param(b"a=1&" * 700, 400, id="seven hundred fields"),
        pytest.param(b"city=" + b"a" * 70_000, 413, id="too large"),
        pytest.param(b"no pairs at all", 400, id="no form"),
        pytest.param(b"", 200, id="nothing"),
        pytest.param(b"do=pledge&item.x=1&item.=1&answer.=&seen.=&tip=-1", 400, id="odd fields"),
        pytest.param(b"add=%3Cscript%3Ealert(1)%3C/script%3E", 200, id="a script"),
    ],
)
async def test_odd_forms_are_answered_calmly(
    one_film: RunningSite, behind: Behind, content: bytes, status: int
) -> None:
    page = await one_film.http.post("/cart/", content=content, headers=FORM)

    assert page.status_code == status
    assert "<script>alert" not in page.text


async def test_what_a_person_typed_is_shown_again_as_text(
    one_film: RunningSite, behind: Behind
) -> None:
    evil = '"><script>alert(1)</script>'
    page = await send(one_film, {**READY, "email": evil, "ref": evil, "do": "pledge"})

    assert page.status_code == 400
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("prefix", ["", "/es"])
async def test_the_receipt_is_there_without_scripts(
    one_film: RunningSite, behind: Behind, prefix: str
) -> None:
    answer(behind, receipt())

    page = await one_film.http.get(f"{prefix}/campaigns/long-take/pledge-success/?order={ORDER}")

    assert page.status_code == 200
    assert "$22.56" in page.text
    assert "http-equiv" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("told", "status", "refreshes"),
    [
        (receipt("completed"), 200, True),
        (receipt("open"), 200, True),
        (receipt("expired"), 200, False),
        ({"error": "order_not_found", "message": "x"}, 404, False),
        ({"error": "busy", "message": "x"}, 503, True),
        ("not an object", 200, True),
    ],
)
async def test_the_page_looks_again_until_something_is_certain(
    one_film: RunningSite, behind: Behind, told: Any, status: int, refreshes: bool
) -> None:
    answer(behind, told, status=status)

    page = await one_film.http.get(f"/campaigns/long-take/pledge-success/?order={ORDER}")

    assert page.status_code == (404 if status == 404 else 200)
    assert ('<noscript><meta http-equiv="refresh"' in page.text) is refreshes
    assert "Pledge confirmed" not in page.text


@pytest.mark.parametrize("order", ["", "x", "pool-intent-", "pool-intent-a b", "../../etc"])
async def test_an_address_without_an_order_asks_nobody(
    one_film: RunningSite, behind: Behind, order: str
) -> None:
    page = await one_film.http.get("/campaigns/long-take/pledge-success/", params={"order": order})

    assert page.status_code == 200
    assert behind.heard == []


async def test_an_order_of_another_film_is_not_shown_here(
    one_film: RunningSite, behind: Behind
) -> None:
    answer(behind, receipt(slug="other"))

    page = await one_film.http.get(f"/campaigns/long-take/pledge-success/?order={ORDER}")

    assert page.status_code == 404
    assert "$22.56" not in page.text


async def test_the_way_back_to_the_cart_is_a_form(one_film: RunningSite, behind: Behind) -> None:
    answer(behind, receipt("open"))

    page = await one_film.http.get(f"/campaigns/long-take/pledge-cancel/?order={ORDER}")

    assert page.headers["referrer-policy"] == "same-origin"
    assert fields_of(page.text) == {"item.long-take__frame": "1", "tip": "5", "order": ORDER}


async def test_a_card_that_was_saved_before_leaving_is_not_called_cancelled(
    one_film: RunningSite, behind: Behind
) -> None:
    answer(behind, receipt())

    page = await one_film.http.get(f"/campaigns/long-take/pledge-cancel/?order={ORDER}")

    assert "Your card was saved before you left." in page.text
    assert f"pledge-success/?order={ORDER}" in page.text
