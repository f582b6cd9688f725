"""The challenge against robots, as its vendor publishes it for tests: keys that always pass,
never pass, or say that the token was used before."""

from litestar import Response, post

from deploy.sandbox.web import Web, form_body, json_response

# Published by the vendor, and no secret of anybody.
DUMMY = "XXXX.DUMMY.TOKEN.XXXX"
ALWAYS_PASSES = "1x0000000000000000000000000000000AA"
ALWAYS_FAILS = "2x0000000000000000000000000000000AA"
ALREADY_SPENT = "3x0000000000000000000000000000000AA"

ERRORS = {
    ALWAYS_FAILS: "invalid-input-response",
    ALREADY_SPENT: "timeout-or-duplicate",
}


@post("/turnstile/v0/siteverify", status_code=200)
async def verify(request: Web) -> Response[bytes]:
    form = await form_body(request)
    secret, token = form.get("secret", ""), form.get("response", "")
    error = verdict(secret, token)
    return json_response({"success": not error, "error-codes": [error] if error else []})


def verdict(secret: str, token: str) -> str:
    """Return what is wrong with a token; empty when nothing is."""
    if not secret:
        return "missing-input-secret"
    if not token:
        return "missing-input-response"
    if secret not in (ALWAYS_PASSES, *ERRORS):
        return "invalid-input-secret"
    if token != DUMMY:
        return "invalid-input-response"
    return ERRORS.get(secret, "")


HANDLERS = [verify]
