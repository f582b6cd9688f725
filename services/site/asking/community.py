"""Asking the ledger for the supporters' page. The link is all the authority there is."""

from urllib.parse import quote

from contracts.api.pledges import CommunityShown
from services.site.asking.asker import Asker, Caller, read
from services.site.cart.answers import Refused
from services.site.community.form import CommunityForm

SECONDS = 5.0


class Supporters(Asker):
    """The ledger, as the supporters' page needs it."""

    async def look(self, token: str, slug: str, caller: Caller) -> CommunityShown | Refused:
        """Return the page's facts, asked anew at every view."""
        path = f"/community?token={quote(token, safe='')}&campaignSlug={slug}"
        answer = await self.ask("GET", path, caller, seconds=SECONDS)
        return answer if isinstance(answer, Refused) else read(answer, CommunityShown)

    async def act(self, form: CommunityForm, caller: Caller) -> Refused | None:
        """Do what a form says; None when it is done."""
        body: dict[str, str | bool] = {"token": form.token}
        if form.deed == "vote":
            path = "/votes"
            body |= {"decisionId": form.decision, "option": form.option}
        else:
            path = "/credits"
            body |= {"creditedAs": form.credited_as, "onWall": form.on_wall}
        answer = await self.ask("POST", path, caller, body=body, seconds=SECONDS)
        return answer if isinstance(answer, Refused) else None
