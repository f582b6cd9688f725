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


class PreviewShared(Event, frozen=True, kw_only=True, tag="admin.preview_shared"):
    """Somebody asked `email` to look at a campaign's working copy.

    `token` shows it until `expires_at` in real time, unless it is taken back or replaced.
    `shared_by` is the address of whoever asks.
    """

    campaign: CampaignSlug
    title: str
    email: str
    language: str
    shared_by: str
    token: str
    expires_at: datetime


class RunnerChanged(Event, frozen=True, kw_only=True, tag="admin.runner_changed"):
    """Somebody of the dashboard runs these campaigns now, whatever they ran before.

    With none any more there is no address either.
    """

    user_id: str
    version: int
    email: str = ""
    language: str = "en"
    campaigns: tuple[CampaignSlug, ...] = ()
