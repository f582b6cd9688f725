"""A challenge before a reminder is kept: only where it is configured, and never waved through."""

from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from contracts.refusals import InputRefused, Unavailable
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool
from services.chassis.web.challenge import Challenge
from services.notify.domain.bodies import ReminderRequest
from services.notify.settings import Settings
from services.notify.steps.sign_up import sign_up
from tests.checkout.sandbox import Sandbox, running_sandbox
from tests.notify.samples import SLUG

SITE_KEY = "1x00000000000000000000AA"
PASSES, FAILS, SPENT = (f"{number}x0000000000000000000000000000000AA" for number in (1, 2, 3))
TOKEN = "XXXX.DUMMY.TOKEN.XXXX"
WISH = ReminderRequest(campaign_slug=SLUG, email="noor@halfmoon.example", consent=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Turnstile, as the sandbox plays it."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
async def challenges() -> AsyncIterator[list[Challenge]]:
    """The challenges of one test, closed at its end."""
    opened: list[Challenge] = []
    yield opened
    for each in opened:
        await each.close()


def _challenge(opened: list[Challenge], base: str, *, secret: str = PASSES) -> Challenge:
    opened.append(Challenge(site_key=SITE_KEY, secret=Secret(secret), base=base))
    return opened[-1]


async def _kept(pool: Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM reminders")
    return count


async def test_who_passes_is_on_the_list(
    pool: Pool, sandbox: Sandbox, challenges: list[Challenge]
) -> None:
    wish = msgspec.structs.replace(WISH, turnstile_token=TOKEN)

    told = await sign_up(pool, _challenge(challenges, sandbox.url), wish)

    assert (told.ok, await _kept(pool)) == (True, 1)


@pytest.mark.parametrize(
    ("secret", "token"),
    [
        pytest.param(PASSES, None, id="no answer"),
        pytest.param(PASSES, "", id="empty"),
        pytest.param(PASSES, "made up", id="made up"),
        pytest.param(FAILS, TOKEN, id="not passed"),
        pytest.param(SPENT, TOKEN, id="used before"),
        pytest.param("nobody's", TOKEN, id="wrong secret"),
    ],
)
async def test_who_does_not_pass_is_told_which_field_it_is_and_nothing_is_kept(
    pool: Pool, sandbox: Sandbox, challenges: list[Challenge], secret: str, token: str | None
) -> None:
    wish = msgspec.structs.replace(WISH, turnstile_token=token)

    with pytest.raises(InputRefused, match="challenge_needed") as refused:
        await sign_up(pool, _challenge(challenges, sandbox.url, secret=secret), wish)

    assert "turnstileToken" in refused.value.fields
    assert refused.value.extra == {"challengeSiteKey": SITE_KEY}
    assert await _kept(pool) == 0


async def test_a_challenge_nobody_can_check_keeps_nobody(
    pool: Pool, challenges: list[Challenge]
) -> None:
    wish = msgspec.structs.replace(WISH, turnstile_token=TOKEN)

    with pytest.raises(Unavailable, match="challenge_away"):
        await sign_up(pool, _challenge(challenges, "http://127.0.0.1:9"), wish)

    assert await _kept(pool) == 0


async def test_what_is_wrong_anyway_uses_up_no_answer(
    pool: Pool, challenges: list[Challenge]
) -> None:
    wish = msgspec.structs.replace(WISH, turnstile_token=TOKEN, email="nobody")

    # Nobody is there to check: an address that is none is refused before anybody is asked.
    with pytest.raises(InputRefused, match="invalid_email"):
        await sign_up(pool, _challenge(challenges, "http://127.0.0.1:9"), wish)


async def test_without_keys_there_is_no_challenge(client: httpx.AsyncClient, pool: Pool) -> None:
    body = {"campaignSlug": SLUG, "email": "noor@halfmoon.example", "consent": True}

    plain = await client.post("/launch-reminders", json=body)
    with_token = await client.post("/launch-reminders", json={**body, "turnstileToken": "x"})

    assert (plain.status_code, with_token.status_code) == (200, 200)
    assert await _kept(pool) == 1


@pytest.mark.parametrize(("key", "secret"), [(SITE_KEY, ""), ("", PASSES)])
def test_half_a_challenge_is_a_mistake_of_the_settings(key: str, secret: str) -> None:
    settings = Settings(
        database_url=Secret(""),
        nats_url=Secret(""),
        redis_url=Secret(""),
        gateway_secret=Secret("g" * 32),
        site_base="http://127.0.0.1:8000",
        magic_link_secret=Secret("m" * 32),
        admin_secret=Secret("a" * 32),
        pledges_url="http://127.0.0.1:1",
        resend_api_key=Secret("re_test"),
        email_from="The Pool <pledges@pool.example>",
        turnstile_site_key=key,
        turnstile_secret=Secret(secret),
    )

    assert settings.problems() == [
        "TURNSTILE_SITE_KEY and TURNSTILE_SECRET are set together or not at all"
    ]
