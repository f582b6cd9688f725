"""What site says about the people who run the platform."""

from datetime import datetime

from contracts.events.base import Event


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
