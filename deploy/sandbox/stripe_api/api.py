"""The order in which Stripe looks at a request: limit, key, version, parameters, then work."""

import asyncio
import base64
import hmac
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec

from deploy.sandbox import ids
from deploy.sandbox.rate_limit import RateLimit
from deploy.sandbox.stripe_api import forms, params, routes, sessions
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import Refusal, api_error, invalid
from deploy.sandbox.stripe_api.expand import expand
from deploy.sandbox.stripe_api.idempotency import Answer, Keys, checked_key, fingerprint
from deploy.sandbox.world import API_VERSION, Cause, World

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: bytes
    body: bytes
    headers: dict[str, str]
    base_url: str


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes
    headers: dict[str, str]
    # The work is done and the answer must not be sent.
    is_lost: bool = False


class StripeAPI:
    def __init__(self, world: World) -> None:
        self.world = world
        self._keys = Keys(world)
        self._limit = RateLimit()
        self._endpoint_limits: defaultdict[str, RateLimit] = defaultdict(RateLimit)

    async def answer(self, request: Request) -> Response:
        """Return what Stripe would: the one entrance of every `/v1/…` request."""
        came_at = time.time()
        response = await self._answer(request)
        self.world.requests.append(
            {
                "at": came_at,
                "method": request.method,
                "path": request.path,
                "status": response.status,
            }
        )
        return response

    async def _answer(self, request: Request) -> Response:
        headers = {"Request-Id": ids.new_id("req"), "Stripe-Version": API_VERSION}
        try:
            self._check_limits(request, headers)
            self._check_key(request.headers)
            _check_version(request.headers)
            return await self._answer_checked(request, headers)
        except Refusal as refusal:
            return Response(refusal.status, _error_body(refusal), headers)

    async def _answer_checked(self, request: Request, headers: dict[str, str]) -> Response:
        route, path_ids, form, shape = _parsed(request)
        key = None
        mark = fingerprint(form)
        if request.method == "POST":
            key = checked_key(request.headers.get("idempotency-key"))
        if key is not None:
            headers["Idempotency-Key"] = key
            if kept := self._keys.replay(key, mark, request.path):
                headers["Idempotent-Replayed"] = "true"
                headers["Original-Request"] = kept.request_id
                if kept.status >= 500:
                    headers["Stripe-Should-Retry"] = "false"
                return await self._sent(kept, headers, request)
        call = Call(
            world=self.world,
            path=request.path,
            params=params.check(shape, form),
            ids=path_ids,
            cause=Cause(headers["Request-Id"], key),
            base_url=request.base_url,
        )
        if key is not None:
            self._keys.begin(key)
        try:
            await self._wait_latency()
            answer = self._execute(call, route, headers["Request-Id"], key, mark)
        finally:
            if key is not None:
                self._keys.end(key)
        if answer.status >= 500 and key is not None:
            # The failure is kept under the key: asking again would give it again.
            headers["Stripe-Should-Retry"] = "false"
        return await self._sent(answer, headers, request, has_waited=True)

    def _execute(
        self, call: Call, route: routes.Route, request_id: str, key: str | None, mark: str
    ) -> Answer:
        """Do the work and keep its answer with it, all or nothing."""
        world, is_saved = self.world, True
        sessions.expire_due(world)
        try:
            if world.faults.strikes(world.faults.error_rate):
                raise api_error()
            obj = route.handler(call)
            body = msgspec.json.encode(expand(world, obj, call.params.get("expand", [])))
            answer = Answer(200, body, request_id)
        except Refusal as refusal:
            answer = Answer(refusal.status, _error_body(refusal), request_id)
            is_saved = refusal.is_saved
            if not is_saved:
                world.rollback()
        except BaseException:
            world.rollback()
            raise
        if key is not None and is_saved:
            self._keys.keep(key, mark, call.path, answer)
        world.commit()
        return answer

    async def _sent(
        self, answer: Answer, headers: dict[str, str], request: Request, *, has_waited: bool = False
    ) -> Response:
        if not has_waited:
            await self._wait_latency()
        faults = self.world.faults
        return Response(
            answer.status, answer.body, headers, is_lost=faults.strikes(faults.timeout_rate)
        )

    async def _wait_latency(self) -> None:
        if self.world.faults.latency_ms:
            await asyncio.sleep(self.world.faults.latency_ms / 1000)

    def _check_limits(self, request: Request, headers: dict[str, str]) -> None:
        faults = self.world.faults
        if faults.endpoint_rate_limit_per_second:
            found = routes.find(request.method, request.path)
            name = f"{request.method} {found[0].pattern.pattern if found else request.path}"
            limit = self._endpoint_limits[name]
            if limit.is_exceeded(faults.endpoint_rate_limit_per_second):
                raise _too_fast("endpoint-rate", headers)
        if self._limit.is_exceeded(faults.rate_limit_per_second):
            raise _too_fast("global-rate", headers)

    def _check_key(self, headers: dict[str, str]) -> None:
        key = _bearer(headers.get("authorization", ""))
        if not key:
            raise _unauthorized(
                "You did not provide an API key. You need to provide your API key in the"
                " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                " YOUR_SECRET_KEY')."
            )
        if not hmac.compare_digest(key, self.world.settings.stripe_secret_key):
            raise _unauthorized(f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:]}")


def _too_fast(reason: str, headers: dict[str, str]) -> Refusal:
    headers["Stripe-Rate-Limited-Reason"] = reason
    headers["Retry-After"] = "1"
    error = {
        "type": "invalid_request_error",
        "code": "rate_limit",
        "message": "Request rate limit exceeded. Learn more about rate limits here"
        " https://docs.stripe.com/rate-limits.",
    }
    return Refusal(429, error, is_saved=False)


def _parsed(request: Request) -> tuple[routes.Route, tuple[str, ...], dict[str, Any], type]:
    found = routes.find(request.method, request.path)
    if found is None:
        message = (
            f"Unrecognized request URL ({request.method}: {request.path}). Stripe may know it;"
            " this sandbox does not play it."
        )
        raise Refusal(404, {"type": "invalid_request_error", "message": message}, is_saved=False)
    route, path_ids = found
    encoded = request.body if request.method == "POST" else request.query
    return route, path_ids, forms.parse(encoded), route.shape


def _bearer(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except ValueError:
            return ""
    return value.strip() if value.isascii() else ""


def _check_version(headers: dict[str, str]) -> None:
    version = headers.get("stripe-version", API_VERSION)
    if version == API_VERSION:
        return
    if not _VERSION.fullmatch(version):
        raise invalid(f"Invalid Stripe API version: {version[:40]}.")
    raise invalid(f"This sandbox speaks Stripe's API version {API_VERSION}, not {version}.")


def _unauthorized(message: str) -> Refusal:
    return Refusal(401, {"type": "invalid_request_error", "message": message}, is_saved=False)


def _error_body(refusal: Refusal) -> bytes:
    return msgspec.json.encode({"error": refusal.error})
