"""The two vendors' routes: bytes in from their SDKs, bytes out as they answer."""

import asyncio

from litestar import Response, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from deploy.sandbox.mails import ResendError
from deploy.sandbox.resend_api import ResendAPI
from deploy.sandbox.stripe_api.api import Request as StripeRequest
from deploy.sandbox.stripe_api.api import StripeAPI
from deploy.sandbox.transport import fall_silent
from deploy.sandbox.web import Web, base_url, json_response, world_of


@route(
    "/v1/{rest:path}",
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE],
    status_code=200,
)
async def stripe(request: Web) -> Response[bytes]:
    api: StripeAPI = request.app.state.stripe
    answer = await api.answer(
        StripeRequest(
            method=request.method,
            path=request.scope["path"].rstrip("/"),
            query=request.scope["query_string"],
            body=await request.body(),
            headers=dict(request.headers),
            base_url=world_of(request).settings.public_url or base_url(request),
        )
    )
    if answer.is_lost:
        fall_silent(request.scope)
    return Response(
        answer.body,
        status_code=answer.status,
        media_type="application/json",
        headers={"Cache-Control": "no-cache, no-store", **answer.headers},
    )


@post(["/emails", "/emails/batch"], status_code=200)
async def send_mail(request: Web) -> Response[bytes]:
    world = world_of(request)
    api: ResendAPI = request.app.state.resend
    try:
        api.check_key(request.headers.get("authorization", ""))
        api.check_pace()
        key = request.headers.get("idempotency-key")
        with api.in_progress(key):
            await asyncio.sleep(world.faults.latency_ms / 1000)
            if world.faults.resend_down:
                raise ResendError(503, "application_error", "Resend is away for a while.")
            if world.faults.strikes(world.faults.error_rate):
                raise ResendError(500, "application_error", "An unexpected error occurred.")
            answer = api.send(
                await request.body(),
                key,
                path=request.scope["path"],
                is_permissive=request.headers.get("x-batch-validation") == "permissive",
            )
    except ResendError as exc:
        again = {"Retry-After": "1"} if exc.status == 429 else {}
        return json_response(exc.body, status=exc.status, headers=again)
    if world.faults.strikes(world.faults.timeout_rate):
        fall_silent(request.scope)
    return json_response(answer)


@get("/emails/{mail_id:str}")
async def read_mail(request: Web, mail_id: FromPath[str]) -> Response[bytes]:
    api: ResendAPI = request.app.state.resend
    try:
        api.check_key(request.headers.get("authorization", ""))
    except ResendError as exc:
        return json_response(exc.body, status=exc.status)
    mail = world_of(request).store.get("mail", mail_id)
    if mail is None:
        missing = ResendError(404, "not_found", "Email not found")
        return json_response(missing.body, status=404)
    names = ("id", "to", "from", "subject", "html", "text", "cc", "bcc", "reply_to", "tags")
    shown = {"object": "email", "created_at": mail["at"], "last_event": "delivered"}
    return json_response({**shown, **{name: mail[name] for name in names}})


HANDLERS = [stripe, send_mail, read_mail]
