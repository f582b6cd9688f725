"""USPS, and nothing of the rest of us: the only module here that speaks to its API.

A price is a help, never a reason to wait: whoever asks brings a budget, and gets `away` for
what is not known by its end, while the question goes on for who asks next. After a failure
nobody is asked for a while. Source: product rules 4.1, "USPS".
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp
import msgspec
from prometheus_client import Counter

from contracts.campaign import CarrierRules
from contracts.money import Cents
from services.chassis.process import telemetry
from services.chassis.process.settings import Secret
from services.chassis.process.telemetry import REGISTRY
from services.checkout.domain.shipping import AWAY, CarrierRate, RateRequest
from services.checkout.domain.usps_forms import lowest_price, rate_form

CARRIER_QUOTES = Counter(
    "checkout_carrier_quotes",
    "Parcels the carrier was asked about, by what came of it: price, none, away.",
    ("outcome",),
    registry=REGISTRY,
)


log = telemetry.logger(__name__)

TOKEN_PATH = "/oauth2/v3/token"  # noqa: S105 (a path)
DOMESTIC_PATH = "/prices/v3/base-rates/search"
INTERNATIONAL_PATH = "/international-prices/v3/base-rates/search"
CONNECT_SECONDS = 2.0
CONNECTIONS_MAX = 20
TOKEN_SPARE_SECONDS = 60
CACHED_MAX = 10_000
# A definite no: this class does not take this parcel there.
NO_PRICE = (400, 404, 422)
UNAUTHORIZED, BUSY = 401, 429
NONE = CarrierRate(kind="none")


class _Failed(Exception):
    """No answer we can use; `is_busy` tells that we asked too often."""

    def __init__(self, what: str, *, is_busy: bool = False) -> None:
        super().__init__(what)
        self.is_busy = is_busy


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int | str = 0


class USPSGateway:
    """Prices of parcels, each asked for once in a while and by one asker at a time."""

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        *,
        api_base: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._api_base = api_base.rstrip("/")
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._known: OrderedDict[tuple[RateRequest, str], tuple[float, CarrierRate]] = OrderedDict()
        self._asking: dict[tuple[RateRequest, str], asyncio.Task[CarrierRate]] = {}
        self._token: tuple[str, float] = ("", 0.0)
        self._token_turn = asyncio.Lock()
        self._silent_until = 0.0

    @property
    def is_configured(self) -> bool:
        """Tell whether this deployment has an account."""
        return bool(self._client_id and self._client_secret)

    async def close(self) -> None:
        """Give up what is being asked, and the connections."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def quote(
        self, requests: Iterable[RateRequest], rules: CarrierRules, *, within_seconds: float
    ) -> dict[RateRequest, CarrierRate]:
        """Return a rate for every request, `away` where none came in time."""
        answers: dict[RateRequest, CarrierRate] = {}
        waiting: dict[RateRequest, asyncio.Task[CarrierRate]] = {}
        for request in dict.fromkeys(requests):
            known = self._fresh(request, rules)
            if known is not None:
                answers[request] = known
            elif self._clock() < self._silent_until:
                answers[request] = AWAY
            else:
                waiting[request] = self._task(request, rules)
        if waiting:
            await asyncio.wait(waiting.values(), timeout=within_seconds)
        for request, task in waiting.items():
            answers[request] = task.result() if _is_done(task) else AWAY
        for answer in answers.values():
            CARRIER_QUOTES.labels(answer.kind).inc()
        return answers

    def _fresh(self, request: RateRequest, rules: CarrierRules) -> CarrierRate | None:
        until, answer = self._known.get((request, rules.price_type), (0.0, AWAY))
        return answer if self._clock() < until else None

    def _task(self, request: RateRequest, rules: CarrierRules) -> asyncio.Task[CarrierRate]:
        """Return the one task that asks this question: a crowd's cart is asked for once."""
        key = (request, rules.price_type)
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(request, rules))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return task

    async def _ask(self, request: RateRequest, rules: CarrierRules) -> CarrierRate:
        """Try the classes in their order; remember a price or a no, and keep still if neither."""
        try:
            answer = await self._first_price(request, rules)
        except _Failed as exc:
            pause = rules.busy_cooldown_seconds if exc.is_busy else rules.cooldown_seconds
            self._silent_until = max(self._silent_until, self._clock() + pause)
            log.warning("carrier_away", reason=str(exc), silent_seconds=pause)
            return AWAY
        self._known[request, rules.price_type] = (self._clock() + rules.cache_seconds, answer)
        self._known.move_to_end((request, rules.price_type))
        while len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return answer

    async def _first_price(self, request: RateRequest, rules: CarrierRules) -> CarrierRate:
        for mail_class in request.classes:
            cents = await self._price(request, mail_class, rules)
            if cents is not None:
                return CarrierRate(kind="price", cents=cents, service=mail_class)
        return NONE

    async def _price(
        self, request: RateRequest, mail_class: str, rules: CarrierRules
    ) -> Cents | None:
        path = DOMESTIC_PATH if request.is_domestic else INTERNATIONAL_PATH
        form = rate_form(request, mail_class, rules.price_type)
        token = await self._valid_token(rules)
        status, raw = await self._post(path, form, rules, token)
        if status == UNAUTHORIZED:
            token = await self._valid_token(rules, instead_of=token)
            status, raw = await self._post(path, form, rules, token)
        if status in NO_PRICE:
            log.info("carrier_has_no_price", mail_class=mail_class, status=status)
            return None
        try:
            return lowest_price(_body(path, status, raw))
        except ValueError as exc:
            raise _Failed(f"{path}: no price in the answer") from exc

    async def _valid_token(self, rules: CarrierRules, *, instead_of: str = "") -> str:
        """Return a token for another minute at least, asked for by one at a time."""
        async with self._token_turn:
            value, until = self._token
            if value and value != instead_of and self._clock() < until:
                return value
            form = {
                "client_id": self._client_id,
                "client_secret": self._client_secret.reveal(),
                "grant_type": "client_credentials",
            }
            status, raw = await self._post(TOKEN_PATH, form, rules)
            try:
                given = msgspec.json.decode(_body(TOKEN_PATH, status, raw), type=_Token)
                lives_seconds = int(given.expires_in)
            except ValueError as exc:
                raise _Failed(f"{TOKEN_PATH}: no token in the answer") from exc
            self._token = (
                given.access_token,
                self._clock() + max(0, lives_seconds - TOKEN_SPARE_SECONDS),
            )
            return given.access_token

    async def _post(
        self, path: str, form: dict[str, Any], rules: CarrierRules, token: str = ""
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        timeout = aiohttp.ClientTimeout(total=rules.timeout_ms / 1000, connect=CONNECT_SECONDS)
        try:
            async with self._http().post(
                self._api_base + path,
                data=ENCODER.encode(form),
                headers=headers,
                timeout=timeout,
                # Only ever to the address we were configured with.
                allow_redirects=False,
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise _Failed(f"{path}: {type(exc).__name__}") from exc

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,
            )
        return self._session


# Who has no account: nothing is ever asked.
NO_CARRIER = USPSGateway("", Secret(""), api_base="")

# Weights and sizes as numbers, to the last decimal.
ENCODER = msgspec.json.Encoder(decimal_format="number")


def _body(path: str, status: int, raw: bytes) -> bytes:
    if status != 200:
        raise _Failed(f"{path}: {status}", is_busy=status == BUSY)
    return raw


def _is_done(task: asyncio.Task[CarrierRate]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
