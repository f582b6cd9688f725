"""USPS's routes, and what the sandbox tells and does about them."""

import asyncio

import msgspec
from litestar import Response, get, post

from deploy.sandbox.transport import fall_silent
from deploy.sandbox.usps_api import PATHS, TOKEN_PATH, USPSAPI, USPSError
from deploy.sandbox.web import Web, json_response, world_of

# Amounts as numbers, to the last decimal.
NUMBERS = msgspec.json.Encoder(decimal_format="number")


@post([TOKEN_PATH, *PATHS], status_code=200)
async def usps(request: Web) -> Response[bytes]:
    api: USPSAPI = request.app.state.usps
    faults = world_of(request).faults
    path = request.scope["path"]
    await asyncio.sleep(faults.latency_ms / 1000)
    try:
        if faults.usps_busy:
            raise USPSError(429, "Too Many Requests")
        if faults.usps_down or faults.strikes(faults.error_rate):
            raise USPSError(503, "Service Unavailable")
        body = await request.body()
        authorization = request.headers.get("authorization", "")
        answer = api.token(body) if path == TOKEN_PATH else api.price(path, body, authorization)
    except USPSError as exc:
        return json_response(exc.body, status=exc.status)
    if faults.strikes(faults.timeout_rate):
        fall_silent(request.scope)
    return Response(NUMBERS.encode(answer), media_type="application/json")


@get("/sandbox/usps.json")
async def asked_of_usps(request: Web) -> Response[bytes]:
    """How many tokens were given, and the newest questions for a price, newest first."""
    api: USPSAPI = request.app.state.usps
    return json_response({"tokensIssued": api.tokens_issued, "asked": [*reversed(api.asked)]})


@post("/sandbox/usps/forget-tokens", status_code=200)
async def forget_tokens(request: Web) -> Response[bytes]:
    """Let no token given so far count any more, as after an outage of theirs."""
    api: USPSAPI = request.app.state.usps
    api.forget_tokens()
    return json_response({"tokensIssued": api.tokens_issued})


HANDLERS = [usps, asked_of_usps, forget_tokens]
