"""Asking notify to keep an address until a film opens."""

from services.site.asking.asker import Asker, Caller
from services.site.cart.answers import Refused
from services.site.public.language import Language
from services.site.public.reminder import CONSENT_VERSION

SECONDS = 5.0
PATH = "/launch-reminders"


class Reminders(Asker):
    """Notify, as far as reminders go."""

    async def sign_up(
        self, slug: str, email: str, language: Language, caller: Caller, *, challenge: str = ""
    ) -> Refused | None:
        """Keep an address; None when it is kept. The form's sentence is the consent.

        `challenge` is what a browser was given that passed the challenge.
        """
        body: dict[str, object] = {
            "campaignSlug": slug,
            "email": email,
            "preferredLang": language,
            "consent": True,
            "consentVersion": CONSENT_VERSION,
        }
        if challenge:
            body["turnstileToken"] = challenge
        answer = await self.ask("POST", PATH, caller, body=body, seconds=SECONDS)
        return answer if isinstance(answer, Refused) else None
