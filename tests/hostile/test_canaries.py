"""What must not be read anywhere: secrets, links, addresses and cards that went through."""

import json
import secrets

import httpx
import pytest

from deploy.chaos.traces import read_logs, read_metrics, secrets_of
from deploy.local.layout import DataDir, read_json
from services.chassis.process.telemetry import mask_text
from tests.hostile.corpus import CASES
from tests.hostile.stage import Stage
from tests.support.platform import GOOD_CARD, a_slug, an_email

pytestmark = pytest.mark.stack

DIALECTS = ("{}", "token={}", '{{"token":"{}"}}')


def _everything_written(stage: Stage) -> dict[str, str]:
    data = DataDir(stage.stack.data)
    services = stage.stack.status()["services"]
    urls = {name: each["url"] for name, each in services.items()}
    return {**read_logs(data.log), **read_metrics(urls)}


def _hits(texts: dict[str, str], values: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (place, name) for place, text in texts.items() for name in values if values[name] in text
    ]


def test_a_journey_leaves_nothing_behind(stage: Stage) -> None:
    platform, word = stage.platform, "canary" + secrets.token_hex(8)
    email = an_email(word)
    slug = platform.publish(a_slug("canary"), goal="5000")
    started = platform.pledge(
        slug,
        email=email,
        shippingAddress={"name": f"Name {word}", "country": "US", "postalCode": word},
    )
    token = platform.token(platform.mail(email, "Pledge confirmed | "))
    answers = _abuse(stage, slug, email, token, word)
    shown = _managed(stage, token)
    cancelled = platform.http.post("/pledge/cancel", json={"token": token})
    platform.mail(email, "Pledge cancelled | ")
    asked = platform.http.post("/pledge/links", json={"email": email})
    written = _everything_written(stage)

    values = {
        **secrets_of(
            {
                k: str(v)
                for k, v in read_json(DataDir(stage.stack.data).file("secrets.json")).items()
            }
        ),
        "the link": token,
        "its signature": token.partition(".")[2],
        "the address": email,
        "the word": word,
        "the card": GOOD_CARD,
        "the session's secret": started["clientSecret"],
    }
    assert (cancelled.status_code, asked.status_code) == (200, 202)
    assert [answer.status_code for answer in shown] == [200, 200, 200, 200]
    assert all(answer.status_code >= 400 for answer in answers)
    assert len(written) > 10
    assert _hits(written, values) == []
    assert _hits({str(answer.url): answer.text for answer in answers}, values) == []
    assert not any(word in text for text in written.values())


def _managed(stage: Stage, token: str) -> list[httpx.Response]:
    """Open the manage page in each way, and change the pledge."""
    http = stage.platform.http
    return [
        http.get("/manage/", params={"t": token}),
        http.get(f"/pay/{token}", headers={"Accept": "text/html"}),
        http.post("/manage/", data={"t": token, "p": token, "do": "receipt"}),
        http.post("/pledge/modify", json={"token": token, "tipPercent": 0}),
    ]


def _abuse(stage: Stage, slug: str, email: str, token: str, word: str) -> list[httpx.Response]:
    """Send what must stay secret to every wrong place."""
    http, admin = stage.platform.http, stage.stack.admin_secret
    wrong = {"Authorization": f"Bearer {word}", "Cookie": f"a={word}", "Stripe-Signature": word}
    item = {"id": f"{slug}__frame"}
    asked = [
        http.get("/pledge", params={"token": token + "x"}),
        http.get("/pledge", params={"t": token}),
        http.get(f"/nothing/{word}", params={"token": token, "email": email, "card": GOOD_CARD}),
        http.get(f"/nothing/{token}", headers={"Accept": "application/json"}),
        http.get(f"/stats/{token}"),
        http.get(f"/checkout-intent/status/{token}"),
        http.get(f"/admin/settlements/{word}", headers=wrong),
        http.post(
            "/admin/recover-checkout", json={"sessionId": word}, headers=stage.platform.admin
        ),
        http.post("/pledge/cancel", json={"token": token, "orderId": word}),
        http.post("/pledge/cancel", json={"token": token, "isAdmin": admin}),
        http.post(
            "/pledge/cancel", json={"token": token}, headers={"Origin": f"https://{word}.example"}
        ),
        http.post("/pledge/cancel", content=token.encode(), headers={"Content-Type": "text/plain"}),
        http.post("/checkout-intent/start", json={"items": [item], "email": f"{word}@"}),
        http.post(
            "/checkout-intent/start", json={"items": [item], "email": email, "card": GOOD_CARD}
        ),
        http.post("/checkout-intent/start", json={"items": [{"id": f"{word}__x"}], "email": email}),
        http.post("/webhooks/stripe", content=email.encode(), headers=wrong),
    ]
    for dialect in DIALECTS:
        body = dialect.format(token).encode()
        asked.append(
            http.post("/quote", content=body, headers={"Content-Type": "application/json"})
        )
    return asked


def test_no_refusal_of_the_corpus_repeats_a_secret(stage: Stage) -> None:
    kept = read_json(DataDir(stage.stack.data).file("secrets.json"))
    values = secrets_of({name: str(value) for name, value in kept.items()})
    values |= {name: stage.names[name] for name in ("TOKEN", "CANCELLED", "OTHER_KEY")}
    answers = {
        case.name: stage.play(case).body.decode("latin-1") for case in CASES if case.status > 399
    }

    assert _hits(answers, values) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Key (email)=(noor@halfmoon.example) exists", "Key (email)=(n***@h***) exists"),
        ("card 4242 4242 4242 4242 declined", "card [number] declined"),
        ("card 4242424242424242", "card [number]"),
        ("/manage/?t=eyJvcmRlcklkIjoicG9vbC1pbnRlbnQ.c2lnbmF0dXJl-_x", "/manage/?t=[token]"),
        ("No such key: sk_test_51abcdefghijklmnop", "No such key: [secret]"),
        ("whsec_0123456789abcdef is wrong", "[secret] is wrong"),
        ("re_0123456789abcdef is wrong", "[secret] is wrong"),
        ("seti_1_secret_abcdef01 expired", "[secret] expired"),
        ("cs_test_a1_secret_fidwbHhq%2F expired", "[secret] expired"),
        (
            "postgresql://pool_site:hunter2@127.0.0.1:5432/pool",
            "postgresql://***@127.0.0.1:5432/pool",
        ),
        ("redis://:hunter2@127.0.0.1/0", "redis://***@127.0.0.1/0"),
        ("Bearer 0123456789abcdef", "Bearer ***"),
        ("order pool-intent-0123456789abcdef", "order pool-intent-0123456789abcdef"),
        ("pi_3OabcdefghijklmnopQ and cus_Nabc", "pi_3OabcdefghijklmnopQ and cus_Nabc"),
        (
            "a retry_after_seconds of 5, more_than_expected",
            "a retry_after_seconds of 5, more_than_expected",
        ),
    ],
)
def test_what_slips_into_a_text_is_hidden_there(text: str, shown: str) -> None:
    assert mask_text(text) == shown
    assert shown in json.dumps(mask_text(text))
