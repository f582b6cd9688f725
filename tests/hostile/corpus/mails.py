"""What is said to many, who wants to hear it, and what claims to come from Resend."""

from typing import Any

from tests.hostile.case import Case, operate, read, write

ANNOUNCEMENT, DIARY = "/admin/broadcast/announcement", "/admin/broadcast/diary"
MILESTONE, CHECK = "/admin/broadcast/milestone", "/admin/diary/check"
NEWS, LAUNCH = "/campaign-email/unsubscribe", "/launch-reminders/unsubscribe"
BAD, INPUT = "invalid_link", "invalid_input"
SAID = {"campaignSlug": "$SLUG", "subject": "Friday", "body": "The last day.", "dryRun": True}
WISH = {"campaignSlug": "$SLUG", "email": "someone@example.com", "consent": True}


def _say(name: str, status: int, error: str, **change: Any) -> Case:
    return operate(f"announcement, {name}", ANNOUNCEMENT, {**SAID, **change}, status, error)


def _tell(name: str, path: str, status: int, error: str, **facts: Any) -> Case:
    return operate(name, path, {"campaignSlug": "$SLUG", **facts}, status, error)


def _wish(name: str, status: int, error: str, **change: Any) -> Case:
    return write(f"reminder, {name}", "/launch-reminders", {**WISH, **change}, status, error)


def _resend(name: str, status: int, error: str, **headers: str) -> Case:
    return Case(
        name=f"Resend's webhook, {name}",
        method="POST",
        target="/webhooks/resend",
        headers={"Content-Type": "application/json", **headers},
        body=b'{"type":"email.complained","data":{"email_id":"x","to":["a@b.example"]}}',
        status=status,
        error=error,
    )


CASES = (
    _say("rehearsed", 200, ""),
    _say("unknown campaign", 404, "not_found", campaignSlug="nobodys"),
    _say("path for a campaign", 404, "not_found", campaignSlug="../../etc/passwd"),
    _say("no subject", 400, INPUT, subject=""),
    _say("subject of nothing to see", 400, INPUT, subject="\u200d\u200b"),
    _say("subject with NUL", 400, INPUT, subject="a\x00b"),
    _say("subject of 161 letters", 400, INPUT, subject="x" * 161),
    _say("body of 10,001 letters", 400, INPUT, body="x" * 10_001),
    _say("body that is a list", 400, INPUT, body=["x"]),
    _say("button that runs a script", 400, INPUT, ctaLabel="Go", ctaUrl="javascript:alert(1)"),
    _say("button with data", 400, INPUT, ctaLabel="Go", ctaUrl="data:text/html,x"),
    _say("button without https", 400, INPUT, ctaLabel="Go", ctaUrl="http://a.example/"),
    _say("button behind a name", 400, INPUT, ctaLabel="Go", ctaUrl="https://a@b.example/"),
    _say("button without a label", 400, INPUT, ctaUrl="https://a.example/"),
    _say("test to nobody", 400, "invalid_email", testTo="nobody"),
    _say("test to two", 400, "invalid_email", testTo="a@b.example, c@d.example"),
    _say("test with a header", 400, INPUT, testTo="a@b.example\r\nBcc: c@d.example"),
    _say("unknown field", 400, INPUT, everybody=True),
    _say("hash of another rehearsal", 409, "stale_audience", dryRun=False, audienceHash="x"),
    _tell("diary, unknown entry", DIARY, 400, "unknown_entry", diaryTitle="?"),
    _tell("milestone, unknown", MILESTONE, 400, INPUT, milestone="half"),
    _tell("milestone, not reached", MILESTONE, 409, "not_reached", milestone="goal"),
    _tell(
        "milestone, no stretch goal",
        MILESTONE,
        400,
        "unknown_stretch_goal",
        milestone="stretch",
        stretchThreshold=7,
    ),
    _tell("diary check, unknown campaign", CHECK, 404, "not_found", campaignSlug="nobodys"),
    operate(
        "milestone check, unknown campaign", "/admin/milestone-check/nobodys", {}, 404, "not_found"
    ),
    _wish("challenge of 2,049 letters", 400, INPUT, turnstileToken="x" * 2_049),
    _wish("challenge that is a list", 400, INPUT, turnstileToken=["x"]),
    _wish("of a campaign that has opened", 409, "not_upcoming"),
    _wish("unknown campaign", 404, "not_found", campaignSlug="nobodys"),
    _wish("without consent", 400, "consent_missing", consent=False),
    _wish("consent that is a word", 400, INPUT, consent="yes"),
    _wish("no address", 400, "invalid_email", email=""),
    _wish("two addresses", 400, "invalid_email", email="a@b.example,c@d.example"),
    _wish("address with a header", 400, INPUT, email="a@b.example\r\nBcc: c@d.example"),
    _wish("sentence nobody showed", 400, "unknown_consent", consentVersion="1999"),
    write(
        "reminder, foreign origin",
        "/launch-reminders",
        WISH,
        403,
        "foreign_origin",
        Origin="https://evil.example",
    ),
    read("unsubscribe, no link", NEWS, 400, "missing_token"),
    read("unsubscribe, garbage", f"{NEWS}?t=garbage", 401, BAD),
    read("unsubscribe, a pledge's link", f"{NEWS}?t=$TOKEN", 401, BAD),
    read("unsubscribe, another key", f"{LAUNCH}?t=$OTHER_KEY", 401, BAD),
    Case(
        name="unsubscribe in one click, a pledge's link",
        method="POST",
        target=f"{NEWS}?t=$TOKEN",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"List-Unsubscribe=One-Click",
        status=401,
        error=BAD,
    ),
    _resend("no signature", 401, "invalid_signature"),
    _resend(
        "a signature of nobody",
        401,
        "invalid_signature",
        **{"Svix-Id": "msg_1", "Svix-Timestamp": "1790000000", "Svix-Signature": "v1,AAAA"},
    ),
)
