"""The launch reminder: a visible sentence, one address, and the truth about what came of it."""

import json
import re
from pathlib import Path

import pytest

from services.site.cart.answers import Refused
from services.site.public.reminder import (
    CONSENT_VERSION,
    ReminderForm,
    answered,
    email_error,
    reminder_form,
)
from tests.site.hearing import Run
from tests.site.running import Behind, RunningSite
from tests.site.samples import campaign
from tests.site.stages import STATE

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
ASK = ReminderForm(slug="the-long-take", url="/campaigns/the-long-take/remind/")


@pytest.fixture
async def behind(shared: tuple[RunningSite, Behind], one_film: RunningSite) -> Behind:
    """Notify, as the shared site meets it; with a film that opens in five days."""
    running, fake = shared
    file = running.content / "soon.md"
    if not file.exists():
        file.write_text(campaign("soon", starts=5, ends=30))
        await running.publish()
    fake.answer = b'{"ok":true,"status":"registered"}'
    return fake


def test_only_a_film_that_is_not_open_has_the_form() -> None:
    assert reminder_form(STATE, "upcoming", "en") == ASK
    for stage in ("live", "closing", "funded", "not_funded", "cancelled"):
        assert reminder_form(STATE, stage, "en") is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written", ["", "noor", "noor@", "@b.example", "a@b@c.example", "a b@c.de"]
)
def test_what_is_no_address_is_told_how_one_looks(written: str) -> None:
    assert email_error(written, "en")
    assert email_error(written, "es") != email_error(written, "en")


@pytest.mark.parametrize(
    ("refused", "status", "is_saved"),
    [
        (None, 200, True),
        (202, 200, True),
        (400, 400, False),
        (404, 503, False),
        (409, 409, False),
        (429, 429, False),
        (500, 503, False),
        (503, 503, False),
    ],
)
def test_what_notify_said_is_told_as_it_is(
    refused: int | None, status: int, is_saved: bool
) -> None:
    said = None if refused is None else Refused(status=refused, error="x")

    form, sent = answered(ASK, "noor@halfmoon.example", said, "en")

    assert (sent, form.is_saved) == (status, is_saved)
    assert bool(form.error or form.trouble) is not is_saved
    if not is_saved:
        assert form.email == "noor@halfmoon.example"


@pytest.mark.parametrize("prefix", ["", "/es"])
async def test_an_address_is_handed_to_notify_with_the_consent(
    one_film: RunningSite, behind: Behind, prefix: str
) -> None:
    page = (await one_film.http.get(f"{prefix}/campaigns/soon/")).text
    assert f'action="{prefix}/campaigns/soon/remind/"' in page

    answer = await one_film.http.post(
        f"{prefix}/campaigns/soon/remind/",
        data={"email": " noor@halfmoon.example "},
        headers=FORM,
    )

    assert answer.status_code == 200
    assert "data-told" in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    heard = behind.heard[-1]
    assert (heard.method, heard.target) == ("POST", "/launch-reminders")
    assert json.loads(heard.body) == {
        "campaignSlug": "soon",
        "email": "noor@halfmoon.example",
        "preferredLang": "es" if prefix else "en",
        "consent": True,
        "consentVersion": CONSENT_VERSION,
    }


async def test_notify_away_is_no_silent_success(one_film: RunningSite, behind: Behind) -> None:
    behind.status, behind.answer = 404, b'{"error":"not_found","message":"No."}'

    answer = await one_film.http.post(
        "/campaigns/soon/remind/", data={"email": "noor@halfmoon.example"}, headers=FORM
    )

    assert answer.status_code == 503
    assert "Nothing was kept." in answer.text
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("prefix", ["", "/es"])
async def test_with_a_challenge_it_is_in_the_form_and_its_answer_goes_along(
    run: Run, services: Behind, content: Path, prefix: str
) -> None:
    (content / "soon.md").write_text(campaign("soon", starts=5, ends=30))
    where = f"{prefix}/campaigns/soon/"
    async with run(turnstile_site_key="0x4AAAAAAA") as site:
        page = await site.http.get(where)
        assert 'data-challenge="0x4AAAAAAA"' in page.text
        assert "data-asked" not in page.text
        assert "challenges.cloudflare.com" in page.headers["content-security-policy"]
        assert "challenges.cloudflare.com" not in page.text, "nothing is loaded before it is asked"

        services.queue = [(400, {"error": "challenge_needed", "message": "x"})]
        without = await site.http.post(
            f"{where}remind/", data={"email": "noor@halfmoon.example"}, headers=FORM
        )
        assert without.status_code == 400
        assert 'value="noor@halfmoon.example"' in without.text
        assert "data-asked" in without.text
        assert "challenges.cloudflare.com" in without.headers["content-security-policy"]
        said = re.search(r'id="reminder-trouble">.*?</svg>(.*?)</p>', without.text)
        assert said
        assert said[1].startswith("No pudimos" if prefix else "We could not")

        data = {"email": "noor@halfmoon.example", "cf-turnstile-response": "t" * 2_048}
        passed = await site.http.post(f"{where}remind/", data=data, headers=FORM)

    assert passed.status_code == 200
    bodies = [
        json.loads(each.body) for each in services.heard if each.target == "/launch-reminders"
    ]
    assert [body.get("turnstileToken") for body in bodies] == [None, "t" * 2_048]


async def test_without_a_challenge_no_form_mentions_one(
    one_film: RunningSite, behind: Behind
) -> None:
    page = await one_film.http.get("/campaigns/soon/")

    assert "data-challenge" not in page.text
    assert "cloudflare" not in page.text + page.headers["content-security-policy"]


async def test_a_wrong_address_asks_nobody(one_film: RunningSite, behind: Behind) -> None:
    plain = await one_film.http.post(
        "/campaigns/soon/remind/", data={"email": "noor"}, headers=FORM
    )
    drawn = await one_film.http.post(
        "/campaigns/soon/remind/", data={"email": "noor", "scripted": "1"}, headers=FORM
    )

    assert (plain.status_code, drawn.status_code) == (400, 200)
    assert 'aria-invalid="true"' in plain.text
    assert not [each for each in behind.heard if each.target == "/launch-reminders"]


async def test_nobody_else_may_send_the_form(one_film: RunningSite, behind: Behind) -> None:
    data = {"email": "noor@halfmoon.example"}

    foreign = await one_film.http.post(
        "/campaigns/soon/remind/", data=data, headers={**FORM, "origin": "https://evil.example"}
    )
    open_film = await one_film.http.post("/campaigns/long-take/remind/", data=data, headers=FORM)
    nobody = await one_film.http.post("/campaigns/nobody/remind/", data=data, headers=FORM)

    assert foreign.status_code == 403
    assert open_film.status_code == 409
    assert "has opened" in open_film.text
    assert nobody.status_code == 404
    assert not [each for each in behind.heard if each.target == "/launch-reminders"]
