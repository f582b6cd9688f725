"""Asking notify what somebody wants to be told of. The link of a mail is all the authority."""

from urllib.parse import quote

from contracts.api.notify import Preference
from services.site.asking.asker import Asker, Caller, read
from services.site.cart.answers import Refused

SECONDS = 5.0


class Wishes(Asker):
    """Notify, as the page behind a mail's last link needs it."""

    async def read(self, path: str, token: str, caller: Caller) -> Preference | Refused:
        """Return how things stand; nothing changes."""
        answer = await self.ask("GET", f"{path}?t={quote(token, safe='')}", caller, seconds=SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, Preference)

    async def save(
        self, path: str, token: str, caller: Caller, *, wants_it: bool
    ) -> Preference | Refused:
        """Write no more to this address about this campaign, or again."""
        wish = f"{path}?t={quote(token, safe='')}&subscribe={int(wants_it)}"
        answer = await self.ask("POST", wish, caller, seconds=SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, Preference)
