"""Turnstile: whether a browser passed the challenge it was shown. Off unless it has keys.

Source: the vendor's server-side validation. Its answer counts once; without an answer
nobody is let through, as with every limit.
"""

import msgspec

from contracts.refusals import Unavailable
from services.chassis.process import telemetry
from services.chassis.process.settings import Secret
from services.chassis.web.egress import FAULTS, Egress

log = telemetry.logger(__name__)

VERIFY_PATH = "/turnstile/v0/siteverify"
BUDGET_SECONDS = 3.0


class Verdict(msgspec.Struct, frozen=True):
    """As much of the answer as counts."""

    success: bool = False


class Challenge:
    """The challenge of one site."""

    def __init__(self, *, site_key: str, secret: Secret, base: str) -> None:
        self.site_key = site_key
        self._secret = secret
        self._url = base.rstrip("/") + VERIFY_PATH
        self._egress = Egress(base)

    @property
    def is_on(self) -> bool:
        """Tell whether there is a challenge at all."""
        return bool(self.site_key)

    async def has_passed(self, token: str) -> bool:
        """Tell whether a browser's token is a passed challenge.

        Raises `Unavailable` when nobody can say.
        """
        form = {"secret": self._secret.reveal(), "response": token}
        try:
            answer = await self._egress.post_form(self._url, form, within_seconds=BUDGET_SECONDS)
            verdict = msgspec.json.decode(answer.body, type=Verdict)
        except (*FAULTS, msgspec.DecodeError, UnicodeDecodeError) as exc:
            log.warning("challenge_away", error=type(exc).__name__)
            raise Unavailable(
                "challenge_away", "We cannot check this at the moment. Try again in a minute."
            ) from exc
        return verdict.success

    async def close(self) -> None:
        """Give the connections back."""
        await self._egress.close()
