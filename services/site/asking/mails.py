"""Asking notify which mails somebody was sent. The link is all the authority there is."""

from urllib.parse import quote

from contracts.api.notify import OwnMails
from services.site.asking.asker import Asker, Caller, read
from services.site.cart.answers import Refused
from services.site.door.upstream import Answer

SECONDS = 5.0
NOTHING = b'{"mails":[]}'


class Mails(Asker):
    """Notify, as a person's own data needs it."""

    async def sent(self, token: str, caller: Caller) -> tuple[OwnMails, bytes] | Refused:
        """Return the mails to a link's address, read and as they were told."""
        path = f"/pledge/mails?token={quote(token, safe='')}"
        answer = await self.ask("GET", path, caller, seconds=SECONDS)
        if isinstance(answer, Refused) and answer.status == 404:
            # The ledger knows the pledge already: its first mail is not written yet.
            answer = Answer(200, (), NOTHING)
        if isinstance(answer, Refused):
            return answer
        told = read(answer, OwnMails)
        return told if isinstance(told, Refused) else (told, answer.body)
