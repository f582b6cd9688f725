"""What Resend tells of mails to its test addresses: as its SDK believes it, until it is heard."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import resend
from aiohttp import web

from deploy.sandbox.resend_webhooks import happens_to
from tests.sandbox import test_webhooks as webhooks
from tests.sandbox.conftest import RESEND_KEY, Sandbox, serving, settings
from tests.sandbox.test_mail import a_mail

SECRET = "whsec_" + base64.b64encode(b"resend signs with this in tests").decode()


class Listener(webhooks.Listener):
    """A service that believes what Resend signed, and answers what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    async def hear(self, request: web.Request) -> web.Response:
        names = ("id", "timestamp", "signature")
        told = resend.Webhooks.verify(
            {
                "payload": await request.text(),
                "headers": {name: request.headers[f"svix-{name}"] for name in names},  # type: ignore[typeddict-item]
                "webhook_secret": SECRET,
            }
        )
        self.heard.append(told)
        self.ids.append(request.headers["svix-id"])
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    app = web.Application()
    app.router.add_post("/webhooks/resend", listening.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    listening.url = f"http://{host}:{port}/webhooks/resend"
    yield listening
    await runner.cleanup()


def telling(listener: Listener, state: str = "") -> Any:
    told = {"resend_webhook_url": listener.url, "resend_webhook_secret": SECRET}
    return serving(settings(**told, state=state))


async def send(sandbox: Sandbox, *to: str) -> list[str]:
    """Send a mail to each and return their ids."""
    found = []
    for address in to:
        headers = {"Authorization": f"Bearer {RESEND_KEY}"}
        answer = await sandbox.post("/emails", a_mail(to=[address]), headers=headers)
        assert answer.status == 200, answer.text
        found.append(answer.json["id"])
    return found


@pytest.mark.parametrize(
    ("address", "happened"),
    [
        ("bounced@resend.dev", "bounced"),
        ("Ana <Complained+label@Resend.dev>", "complained"),
        ("suppressed@resend.dev", "suppressed"),
        ("delivered+1@resend.dev", "delivered"),
        ("bounced@resend.dev.example", ""),
        ("ana@resend.dev", ""),
        ("bounced", ""),
    ],
)
def test_only_the_published_addresses_have_a_fate(address: str, happened: str) -> None:
    assert happens_to(address) == happened


async def test_each_fate_is_told_signed_and_of_others_nothing(listener: Listener) -> None:
    async with telling(listener) as sandbox:
        sent = await send(
            sandbox, "ana@example.org", "bounced@resend.dev", "complained+ana@resend.dev"
        )
        await listener.has_heard(2)

    bounced, complained = sorted(listener.heard, key=lambda told: str(told["type"]))
    assert (bounced["type"], complained["type"]) == ("email.bounced", "email.complained")
    assert [bounced["data"]["email_id"], complained["data"]["email_id"]] == sent[1:]
    assert bounced["data"]["bounce"]["type"] == "Permanent"
    assert bounced["data"]["to"] == ["bounced@resend.dev"]


async def test_what_is_refused_is_told_again_under_its_id_also_after_a_restart(
    listener: Listener, tmp_path: Path
) -> None:
    listener.statuses = [503, 503]
    state = str(tmp_path / "state.sqlite")
    async with telling(listener, state) as sandbox:
        await send(sandbox, "bounced@resend.dev")
        await listener.has_heard(2)

    async with telling(listener, state):
        await listener.has_heard(3)

    assert len(set(listener.ids)) == 1
