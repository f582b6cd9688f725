"""A real sandbox server for every test, driven by the official SDKs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import resend
import stripe
import uvicorn

from deploy.sandbox import app as application
from deploy.sandbox.settings import Settings
from deploy.sandbox.transport import SandboxProtocol

SECRET_KEY = "sk_test_of_these_tests"
WEBHOOK_SECRET = "whsec_of_these_tests"
RESEND_KEY = "re_of_these_tests"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str
    json: Any


class Sandbox:
    """The running sandbox, and short names for what tests ask of it again and again."""

    def __init__(self, base: str, http: aiohttp.ClientSession, client: stripe.StripeClient) -> None:
        self.base = base
        self.http = http
        self.stripe = client
        # Tests send what the types forbid, to see it refused.
        self.v1: Any = client.v1

    async def get(self, path: str, **options: Any) -> Answer:
        return await self._ask("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        if json is not None:
            options["json"] = json
        return await self._ask("POST", path, **options)

    async def raw(self, method: str, path: str, form: str = "", **headers: str) -> Answer:
        """Send what the SDK would not."""
        sent = {"Authorization": f"Bearer {SECRET_KEY}", **headers}
        sent["Content-Type"] = "application/x-www-form-urlencoded"
        return await self._ask(method, path, data=form.encode(), headers=sent)

    async def within(self, seconds: float, method: str, path: str, **options: Any) -> Answer:
        """Ask with little patience; `TimeoutError` when no answer comes."""
        timeout = aiohttp.ClientTimeout(total=seconds)
        return await self._ask(method, path, timeout=timeout, **options)

    async def faults(self, **faults: Any) -> dict[str, Any]:
        answer = await self.post("/sandbox/faults", faults)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    async def move_clock(self, **how: Any) -> dict[str, Any]:
        answer = await self.post("/sandbox/clock", how)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    async def session(self, **params: Any) -> Any:
        """Open a setup session for the on-site element."""
        return await self.v1.checkout.sessions.create_async(
            {
                "mode": "setup",
                "ui_mode": "elements",
                "currency": "usd",
                "return_url": "http://127.0.0.1/done?s={CHECKOUT_SESSION_ID}",
                **params,
            }
        )

    async def complete(
        self, session_id: str, card: str = "4242424242424242", **more: Any
    ) -> Answer:
        path = f"/sandbox/checkout-sessions/{session_id}/complete"
        return await self.post(path, {"card": card, **more})

    async def customer(self, email: str = "ana@example.org") -> str:
        return str((await self.v1.customers.create_async({"email": email})).id)

    async def saved_card(self, customer: str, card: str = "4242424242424242") -> str:
        """Save a card as a supporter does, and return the payment method's id."""
        session = await self.session(customer=customer)
        answer = await self.complete(session.id, card)
        assert answer.status == 200, answer.text
        done = await self.v1.checkout.sessions.retrieve_async(
            session.id, {"expand": ["setup_intent"]}
        )
        return str(done.setup_intent.payment_method)

    async def intent(self, customer: str, amount: int = 5_944, **params: Any) -> Any:
        return await self.v1.payment_intents.create_async(
            {"amount": amount, "currency": "usd", "customer": customer, **params}
        )

    async def confirm(self, intent: Any, card: str, **params: Any) -> Any:
        return await self.v1.payment_intents.confirm_async(
            intent.id, {"payment_method": card, "off_session": True, **params}
        )

    async def event_types(self) -> list[str]:
        """Return what happened, oldest first."""
        events = await self.v1.events.list_async({"limit": 100})
        return [event.type for event in reversed(events.data)]

    async def _ask(self, method: str, path: str, **options: Any) -> Answer:
        options.setdefault("allow_redirects", False)
        async with self.http.request(method, self.base + path, **options) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, text, await answer.json() if is_json else None)


class Server(uvicorn.Server):
    """uvicorn inside a test, which keeps its signals and does not wait for a tick to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Sandbox]:
    app = application.build(settings)
    config = uvicorn.Config(
        app, port=0, http=SandboxProtocol, ws="none", log_config=None, access_log=False
    )
    server = Server(config)
    running = asyncio.create_task(server.serve())
    await eventually(_of(lambda: server.started))
    port = server.servers[0].sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as http, stripe_client(base) as client:
        yield Sandbox(base, http, client)
    app.stopping.set()
    server.ended.set()
    await running


@asynccontextmanager
async def stripe_client(base: str, key: str = SECRET_KEY) -> AsyncIterator[stripe.StripeClient]:
    http_client = stripe.AIOHTTPClient()
    yield stripe.StripeClient(key, base_addresses={"api": base}, http_client=http_client)
    await http_client.close_async()  # type: ignore[no-untyped-call]


def settings(**changes: Any) -> Settings:
    return Settings(
        **{
            "stripe_secret_key": SECRET_KEY,
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "resend_api_key": RESEND_KEY,
            **changes,
        }
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serving(settings()) as running:
        yield running


@pytest.fixture
def mailer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> type[resend.Emails]:
    """Resend's SDK, which is configured for the whole process."""
    monkeypatch.setattr(resend, "api_url", sandbox.base)
    monkeypatch.setattr(resend, "api_key", RESEND_KEY)
    # A gateway of notify that lived in this process has left its own behind.
    monkeypatch.setattr(resend, "default_async_http_client", resend.HTTPXClient())
    return resend.Emails


async def eventually(
    ask: Callable[[], Awaitable[Any]],
    is_right: Callable[[Any], bool] = bool,
    *,
    seconds: float = 10,
) -> Any:
    """Return what `ask` answers as soon as it is right."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not is_right(answer := await ask()):
        assert loop.time() < end, f"still not right after {seconds} s: {answer!r}"
        await asyncio.sleep(0.01)
    return answer


def _of(ask: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def asked() -> Any:
        return ask()

    return asked


async def paid(sandbox: Sandbox, number: str = "4242424242424242") -> Any:
    """Return a PaymentIntent of ten dollars that was confirmed with a new card."""
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, number)
    return await sandbox.confirm(await sandbox.intent(customer, 1_000), card)
