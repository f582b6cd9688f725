"""A mail that bounces for good or is complained of: Resend says so, and no news goes there."""

import pytest

from tests.support.platform import Platform, a_slug, eventually

pytestmark = pytest.mark.stack


def test_whoever_bounces_or_complains_hears_no_more_news(platform: Platform) -> None:
    slug = platform.publish(a_slug("bounced"))
    label = slug.rpartition("-")[2]
    # Resend's test addresses; each with a label, for other tests may use them, too.
    reached = f"delivered+{label}@resend.dev"
    for email in (f"bounced+{label}@resend.dev", f"complained+{label}@resend.dev", reached):
        platform.pledge(slug, email=email)
        platform.mail(email, "Pledge confirmed | ")

    def audience() -> list[str]:
        news = {"campaignSlug": slug, "subject": "Last call", "body": "Tomorrow.", "dryRun": True}
        recipients: list[str] = platform.as_operator("/admin/broadcast/announcement", **news)[
            "recipients"
        ]
        return recipients

    eventually(lambda: audience() == [reached], what="the audience without the two")
