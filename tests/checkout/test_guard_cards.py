"""Card testing: failures are counted by session and by address, successes never are."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from contracts.refusals import TooMany, Unavailable
from services.chassis.process.settings import Secret
from services.checkout.handlers.guard_cards import client_key, limits_of
from services.checkout.queries import card_failures
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.start_checkout import start_checkout
from tests.checkout.floor import Floor
from tests.checkout.samples import a_cart
from tests.checkout.sandbox import Sandbox

HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
PASSES, FAILS, SPENT = (f"{number}x0000000000000000000000000000000AA" for number in (1, 2, 3))
TOKEN = "XXXX.DUMMY.TOKEN.XXXX"


async def fail(floor: Floor, checkout: Checkout, count: int, *, address: str = HERE) -> None:
    """Let so many cards fail, each in a session of its own."""
    key = client_key(address, checkout.settings)
    for number in range(count):
        await floor.do(
            card_failures.insert_failure,
            f"evt_{address}_{number}",
            intent_id=f"seti_{address}_{number}",
            client_key=key,
            code="generic_decline",
        )


def with_challenge(checkout: Checkout, sandbox: Sandbox, secret: str) -> Checkout:
    settings = msgspec.structs.replace(
        checkout.settings,
        turnstile_site_key="1x00000000000000000000AA",
        turnstile_secret=Secret(secret),
        turnstile_base=sandbox.url,
    )
    return Checkout(checkout.pool, checkout.stripe, settings)


async def test_ten_failures_within_an_hour_close_the_door_to_one_address(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish()
    cart = a_cart(f"{film.slug}__frame")
    await fail(floor, checkout, 9)
    await start_checkout(checkout, cart, None, HERE)
    await fail(floor, checkout, 10)

    with pytest.raises(TooMany, match="too_many_cards") as refused:
        await start_checkout(checkout, cart, None, HERE)
    await start_checkout(checkout, cart, None, ELSEWHERE)

    assert 3_500 < refused.value.retry_after_seconds <= 3_600


async def test_the_door_opens_when_the_oldest_of_ten_is_an_hour_old(
    floor: Floor, checkout: Checkout
) -> None:
    film = await floor.publish()
    await fail(floor, checkout, 10)
    await floor.owner.execute(
        "UPDATE card_failures SET failed_at = failed_at - interval '59 minutes'"
    )
    with pytest.raises(TooMany) as refused:
        await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None, HERE)
    await floor.owner.execute(
        "UPDATE card_failures SET failed_at = failed_at - interval '1 minute' "
        "WHERE event_id LIKE '%_0'"
    )

    await start_checkout(checkout, a_cart(f"{film.slug}__frame"), None, HERE)

    assert 0 < refused.value.retry_after_seconds <= 61


async def test_a_premiere_of_two_hundred_cards_that_work_is_welcome(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    cart = a_cart(f"{film.slug}__frame")
    await fail(floor, checkout, 9)

    async def pledge() -> int:
        started = await start_checkout(checkout, cart, None, HERE)
        saved = await asyncio.to_thread(sandbox.save_card, started.session_id)
        return saved.status_code

    saved: list[int] = []
    for _ in range(20):
        saved += await asyncio.gather(*(pledge() for _ in range(10)))

    assert saved == [200] * 200


async def test_a_household_of_ipv6_is_one_address_and_none_is_kept(
    floor: Floor, checkout: Checkout
) -> None:
    keys = {
        client_key(each, checkout.settings)
        for each in ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", "::ffff:203.0.113.9", HERE)
    }

    assert len(keys) == 3, "an IPv4 address by another spelling is a limit of its own"
    assert not any(HERE in key or "2001" in key for key in keys)


@pytest.mark.parametrize(
    ("scale", "per_session", "per_hour"), [(1, 3, 10), (100, 300, 1_000), (0.01, 1, 1)]
)
async def test_the_scale_of_all_limits_is_that_of_these(
    checkout: Checkout, scale: float, per_session: int, per_hour: int
) -> None:
    limits = limits_of(msgspec.structs.replace(checkout.settings, rate_limit_scale=scale))

    assert (limits.per_session, limits.per_hour) == (per_session, per_hour)


async def test_who_passes_the_challenge_goes_on(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    guarded = with_challenge(checkout, sandbox, PASSES)
    await fail(floor, checkout, 10)

    with pytest.raises(TooMany, match="challenge_needed") as refused:
        await start_checkout(guarded, a_cart(f"{film.slug}__frame"), "key", HERE)
    started = await start_checkout(
        guarded, a_cart(f"{film.slug}__frame", challenge_token=TOKEN), "key", HERE
    )
    await guarded.challenge.close()

    assert refused.value.extra == {"challengeSiteKey": "1x00000000000000000000AA"}
    assert started.order_id


@pytest.mark.parametrize(
    ("secret", "token"),
    [
        pytest.param(FAILS, TOKEN, id="not passed"),
        pytest.param(SPENT, TOKEN, id="used before"),
        pytest.param(PASSES, "made up", id="made up"),
        pytest.param(PASSES, "", id="empty"),
        pytest.param("nobody's", TOKEN, id="wrong secret"),
    ],
)
async def test_who_does_not_pass_the_challenge_waits(
    floor: Floor, checkout: Checkout, sandbox: Sandbox, secret: str, token: str
) -> None:
    film = await floor.publish()
    guarded = with_challenge(checkout, sandbox, secret)
    await fail(floor, checkout, 10)

    with pytest.raises(TooMany, match="challenge_needed"):
        await start_checkout(
            guarded, a_cart(f"{film.slug}__frame", challenge_token=token), None, HERE
        )
    await guarded.challenge.close()


async def test_a_challenge_nobody_can_check_lets_nobody_in(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    settings = msgspec.structs.replace(
        with_challenge(checkout, sandbox, PASSES).settings, turnstile_base="http://127.0.0.1:9"
    )
    guarded = Checkout(checkout.pool, checkout.stripe, settings)
    await fail(floor, checkout, 10)

    with pytest.raises(Unavailable, match="challenge_away"):
        await start_checkout(
            guarded, a_cart(f"{film.slug}__frame", challenge_token=TOKEN), None, HERE
        )
    await guarded.challenge.close()


async def test_without_failures_nobody_is_challenged(
    floor: Floor, checkout: Checkout, sandbox: Sandbox
) -> None:
    film = await floor.publish()
    guarded = with_challenge(checkout, sandbox, FAILS)

    assert (await start_checkout(guarded, a_cart(f"{film.slug}__frame"), None, HERE)).order_id


async def test_failures_are_forgotten_after_two_days(floor: Floor, checkout: Checkout) -> None:
    await fail(floor, checkout, 3)
    await floor.owner.execute(
        "UPDATE card_failures SET failed_at = now() - interval '49 hours' WHERE event_id LIKE '%_0'"
    )

    assert await floor.do(card_failures.forget_old) == 1


def test_the_sandboxs_challenge_is_the_vendors_for_tests(sandbox: Sandbox) -> None:
    def verify(**form: Any) -> dict[str, Any]:
        answer = httpx.post(f"{sandbox.url}/turnstile/v0/siteverify", data=form)
        verdict: dict[str, Any] = answer.raise_for_status().json()
        return verdict

    assert verify(secret=PASSES, response=TOKEN) == {"success": True, "error-codes": []}
    assert verify(secret=SPENT, response=TOKEN)["error-codes"] == ["timeout-or-duplicate"]
    assert verify(response=TOKEN)["error-codes"] == ["missing-input-secret"]
    assert verify(secret=PASSES)["error-codes"] == ["missing-input-response"]
