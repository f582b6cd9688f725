"""What site says about the people who run the platform."""

from datetime import datetime

from contracts.events.base import Event
from contracts.ids import CampaignSlug


class SignInAsked(Event, frozen=True, kw_only=True, tag="admin.sign_in_asked"):
    """Somebody who may open the dashboard asked for a link, or was invited to it.

    `token` signs in once, until `expires_at` in real time, and only in the browser that asked;
    an invitation's in any browser.
    """

    email: str
    language: str
    token: str
    expires_at: datetime
    is_invitation: bool = False


class RunnerChanged(Event, frozen=True, kw_only=True, tag="admin.runner_changed"):
    """Somebody of the dashboard runs these campaigns now, whatever they ran before.

    With none any more there is no address either.
    """

    user_id: str
    version: int
    email: str = ""
    language: str = "en"
    campaigns: tuple[CampaignSlug, ...] = ()
