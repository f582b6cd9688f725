"""What marketing and announcements say: what was done, what is wrong, and the log. Pure."""

from gettext import NullTranslations


def done_words(texts: NullTranslations) -> dict[str, str]:
    """Return the sentences after something was done."""
    return {
        "draft-saved": texts.gettext("Saved. Nobody was written to."),
        "tested": texts.gettext("It is on its way to you, and to nobody else."),
        "sent": texts.gettext("It goes out now."),
        "fees-asked": texts.gettext("Stripe is being asked. What it answers stands here soon."),
        "code-made": texts.gettext("Kept. Give this link to whoever it is for."),
        "code-changed": texts.gettext("Saved. The link below says it from now on."),
        "code-retired": texts.gettext("Retired. Whoever still comes by it is counted."),
        "code-restored": texts.gettext("It is in use again."),
    }


def action_words(texts: NullTranslations) -> dict[str, str]:
    """Return what the audit log calls what was done."""
    return {
        "fees_asked": texts.gettext("Had Stripe asked for missing fees"),
        "announcement_sent": texts.gettext("Sent an announcement"),
        "referral_made": texts.gettext("Kept a referral link"),
        "referral_changed": texts.gettext("Changed a referral link"),
        "referral_retired": texts.gettext("Retired a referral code"),
        "referral_restored": texts.gettext("Took a referral code back into use"),
    }


def trouble_words(texts: NullTranslations) -> dict[str, str]:
    """Return why something was refused, by its reason or by what the rule said."""
    return {
        "stale_audience": texts.gettext(
            "Words or people have changed since you looked. Look again, then send."
        ),
        "draft_changed": texts.gettext("Somebody else saved in the meantime. Nothing is lost."),
        "too_many_codes": texts.gettext("There is room for 500 codes."),
        "unknown_code": texts.gettext("There is no such code."),
        "Write something here.": texts.gettext("Write something here."),
        "Look at it first.": texts.gettext("Look at it first."),
        "Write who brings people here.": texts.gettext("Write who brings people here."),
        "This form is broken.": texts.gettext("This form is broken."),
        "says nothing": texts.gettext("Write something here."),
        "must be an https address": texts.gettext("Write an address that begins with https://."),
        "is missing: a button needs a label and an address": texts.gettext(
            "A button needs words and an address, or neither."
        ),
    }
