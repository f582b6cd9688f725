"""A story that leaves every kind of row behind, so that every kind can be tampered with."""

from dataclasses import dataclass

from tests.support.campaigns import AddOnText, TierText
from tests.support.platform import (
    DECLINED_LATER,
    DISPUTED_CARD,
    GOOD_CARD,
    Platform,
    a_slug,
    an_email,
    eventually,
)


@dataclass(frozen=True)
class Told:
    """What the story was about."""

    funded: str
    missed: str
    given: str
    ended: str


def tell(platform: Platform) -> Told:
    """Two pledges of one person, a cancelled one, a declined one, and a campaign that misses;
    one that gives everything back but what is disputed, also to somebody who was erased before, and
    one that is ended early.

    With products of the campaign's own and of the platform, and an answer to a question.
    """
    mug = AddOnText(id=a_slug("mug"), inventory=9)
    shirt = AddOnText(id=a_slug("shirt"), sizes=(("s", 5), ("m", 5)))
    platform.sell(mug)
    tiers = (
        TierText(limit_total=20, stackable=True),
        TierText(id="asks", price="10", question="Name in the credits"),
    )
    funded = platform.publish(a_slug("kept"), tiers=tiers, add_ons=(shirt,))
    missed = platform.publish(a_slug("missed"), goal="5000")
    twice, leaver, late = an_email("noor"), an_email("leaver"), an_email("teo")
    platform.pledge(funded, email=twice)
    more = [
        {"id": f"{funded}__asks", "fields": {"Name in the credits": "Zoë Ortega"}},
        {"id": f"addon__{shirt.id}__variant__s", "quantity": 2},
        {"id": f"addon__{mug.id}"},
    ]
    items = [{"id": f"{funded}__frame", "quantity": 2}, *more]
    platform.pledge(funded, email=twice, items=items)
    platform.pledge(funded, email=late, card=DECLINED_LATER)
    platform.pledge(funded, email=leaver)
    token = platform.token(platform.mail(leaver, "Pledge confirmed | "))
    platform.http.post("/pledge/cancel", json={"token": token}).raise_for_status()
    platform.pledge(missed, email=an_email("ines"))
    given = platform.publish(a_slug("given"))
    for card in (GOOD_CARD, DISPUTED_CARD, DECLINED_LATER):
        platform.pledge(given, email=an_email("given"), card=card)
    forgotten = an_email("forgotten")
    platform.pledge(given, email=forgotten)
    ended = platform.publish(a_slug("ended"))
    platform.pledge(ended, email=an_email("ended"))
    platform.as_operator(f"/admin/campaigns/{ended}/cancel")
    platform.close_campaign(funded)
    platform.wait_settled(funded)
    eventually(
        lambda: platform.live(missed)["campaign"]["effectiveState"] == "post",
        seconds=40,
        what="both closed",
    )
    platform.wait_settled(given)
    _wait_disputed(platform, given)
    # Their money comes back to somebody who has no address any more.
    token = platform.token(platform.mail(forgotten, "Payment confirmed | "))
    platform.http.post("/pledge/erase", json={"token": token}).raise_for_status()
    platform.as_operator("/admin/refunds", campaignSlug=given)
    platform.wait_refunded(given)
    return Told(funded, missed, given, ended)


def _wait_disputed(platform: Platform, slug: str) -> None:
    def is_disputed() -> bool:
        found = platform.http.get("/admin/disputes", headers=platform.admin).json()
        return any(each["campaignSlug"] == slug for each in found)

    eventually(is_disputed, what=f"{slug} disputed")
