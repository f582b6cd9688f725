"""Asking the ledger for what the manage page shows, and for what its buttons do."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from contracts.api.pledges import ChangePreview, Export, LinkedRecord
from services.site.asking.asker import Asker, Caller, read
from services.site.cart.answers import Refused
from services.site.manage.answers import Exported

LOOK_SECONDS = 5.0
CHANGE_SECONDS = 15.0


class Pledges(Asker):
    """The ledger, as the manage page needs it. The link is all the authority there is."""

    async def pledges(self, token: str, caller: Caller) -> tuple[LinkedRecord, ...] | Refused:
        """Return the link's pledge first, then those of the same checkout."""
        path = f"/pledges?token={quote(token, safe='')}"
        answer = await self.ask("GET", path, caller, seconds=LOOK_SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, tuple[LinkedRecord, ...])

    async def preview(self, body: Mapping[str, Any], caller: Caller) -> ChangePreview | Refused:
        """Return what a change would cost, or why it cannot be made."""
        answer = await self.ask("POST", "/pledge/quote", caller, body=body, seconds=CHANGE_SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, ChangePreview)

    async def modify(
        self, body: Mapping[str, Any], caller: Caller, *, key: str
    ) -> LinkedRecord | Refused:
        """Make a change, once per key."""
        headers = {"idempotency-key": key} if key else {}
        answer = await self.ask(
            "POST", "/pledge/modify", caller, body=body, seconds=CHANGE_SECONDS, headers=headers
        )
        return answer if isinstance(answer, Refused) else read(answer, LinkedRecord)

    async def cancel(self, token: str, caller: Caller) -> LinkedRecord | Refused:
        """Withdraw a pledge."""
        answer = await self.ask(
            "POST", "/pledge/cancel", caller, body={"token": token}, seconds=LOOK_SECONDS
        )
        return answer if isinstance(answer, Refused) else read(answer, LinkedRecord)

    async def export(self, token: str, caller: Caller) -> Exported | Refused:
        """Return everything the ledger keeps about a link's person."""
        path = f"/pledge/export?token={quote(token, safe='')}"
        answer = await self.ask("GET", path, caller, seconds=LOOK_SECONDS)
        if isinstance(answer, Refused):
            return answer
        told = read(answer, Export)
        return told if isinstance(told, Refused) else Exported(told=told, raw=answer.body)

    async def erase(self, token: str, caller: Caller) -> Refused | None:
        """Have a link's person forgotten; None when they are."""
        answer = await self.ask(
            "POST", "/pledge/erase", caller, body={"token": token}, seconds=LOOK_SECONDS
        )
        return answer if isinstance(answer, Refused) else None

    async def send_links(self, email: str, caller: Caller) -> bool:
        """Ask for fresh links by mail; tell whether that was taken down."""
        answer = await self.ask(
            "POST", "/pledge/links", caller, body={"email": email}, seconds=LOOK_SECONDS
        )
        return not isinstance(answer, Refused) or answer.status == 202
