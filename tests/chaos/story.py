"""A story that leaves every kind of row behind, so that every kind can be tampered with."""

from dataclasses import dataclass

from tests.support.campaigns import TierText
from tests.support.platform import DECLINED_LATER, Platform, a_slug, an_email, eventually


@dataclass(frozen=True)
class Told:
    """What the story was about."""

    funded: str
    missed: str


def tell(platform: Platform) -> Told:
    """Two pledges of one person, a cancelled one, a declined one, and a campaign that misses."""
    tiers = (TierText(limit_total=20, stackable=True),)
    funded = platform.publish(a_slug("kept"), tiers=tiers)
    missed = platform.publish(a_slug("missed"), goal="5000")
    twice, leaver, late = an_email("noor"), an_email("leaver"), an_email("teo")
    platform.pledge(funded, email=twice)
    platform.pledge(funded, email=twice, quantity=2)
    platform.pledge(funded, email=late, card=DECLINED_LATER)
    platform.pledge(funded, email=leaver)
    token = platform.token(platform.mail(leaver, "Pledge confirmed | "))
    platform.http.post("/pledge/cancel", json={"token": token}).raise_for_status()
    platform.pledge(missed, email=an_email("ines"))
    platform.close_campaign(funded)
    platform.wait_settled(funded)
    eventually(
        lambda: platform.live(missed)["campaign"]["effectiveState"] == "post",
        seconds=40,
        what="both closed",
    )
    return Told(funded, missed)
