"""Keep who wants a launch reminder, if they are a person, where that is asked."""

from contracts.refusals import InputRefused
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.challenge import Challenge
from services.notify.domain.bodies import Reminded, ReminderRequest
from services.notify.handlers.preferring import register, require_consent


async def sign_up(pool: Pool, challenge: Challenge, asked: ReminderRequest) -> Reminded:
    """Keep a wish for a reminder.

    Raises `InputRefused` for what is no wish, or without a passed challenge where there is one;
    `Unavailable` when nobody can say whether it was passed: then nothing is kept.
    """
    # What is wrong anyway costs nobody a challenge, whose answer counts once.
    require_consent(asked)
    await _require_person(challenge, asked.turnstile_token)
    async with transaction(pool) as conn:
        return await register(conn, asked)


async def _require_person(challenge: Challenge, token: str | None) -> None:
    if not challenge.is_on:
        return
    if token and await challenge.has_passed(token):
        return
    raise InputRefused(
        "challenge_needed",
        "Please show that you are a person.",
        fields={"turnstileToken": "is not a passed challenge"},
        challengeSiteKey=challenge.site_key,
    )
