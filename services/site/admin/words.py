"""What the dashboard says: tabs, what was done, and why something was refused. Pure."""

from gettext import NullTranslations

import msgspec

from contracts.refusals import Refusal
from services.site.admin import campaign_words, marketing_words, operating
from services.site.admin.access import User
from services.site.admin.media_words import media_reasons, settings_reasons
from services.site.public.language import Language, catalogue


class Tab(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the navigation."""

    name: str
    path: str
    label: str
    icon: str


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done, in words, and at which fields."""

    message: str
    fields: dict[str, str] = {}


def tabs(user: User, language: Language) -> tuple[Tab, ...]:
    """Return the tabs that somebody may open, in order."""
    texts = catalogue(language)
    everybody = (
        ("summary", "", texts.gettext("Summary"), "layout-dashboard"),
        ("campaigns", "campaigns/", texts.gettext("Campaigns"), "film"),
        ("settlement", "settlement/", texts.gettext("Settlement"), "scale"),
        ("analytics", "analytics/", texts.gettext("Analytics"), "chart-line"),
        ("marketing", "marketing/", texts.gettext("Marketing"), "megaphone"),
        ("blast", "blast/", texts.gettext("Blast"), "mail"),
        ("reports", "report/", texts.gettext("Reports"), "file-text"),
        ("supporters", "people/", texts.gettext("Supporters"), "users"),
        ("media", "media/", texts.gettext("Media"), "image"),
    )
    supers = (
        ("operations", "operations/", texts.gettext("Operations"), "activity"),
        ("settings", "settings/", texts.gettext("Settings"), "settings"),
        ("users", "users/", texts.gettext("Users"), "user-cog"),
        ("sessions", "sessions/", texts.gettext("Sessions"), "monitor"),
        ("audit", "audit/", texts.gettext("Audit log"), "scroll-text"),
    )
    shown = (*everybody, *(supers if user.is_super else ()))
    return tuple(
        Tab(name=name, path=path, label=label, icon=icon) for name, path, label, icon in shown
    )


def role_name(role: str, language: Language) -> str:
    """Return what a role is called."""
    texts = catalogue(language)
    return texts.gettext("Super admin") if role == "super" else texts.gettext("Campaign user")


def done_message(name: str, language: Language) -> str:
    """Return the sentence after something was done; empty for what nothing is known of."""
    texts = catalogue(language)
    return {
        "invited": texts.gettext("Invited. A link to sign in is on its way by email."),
        "changed": texts.gettext("Saved. It holds from now on."),
        "removed": texts.gettext("Removed. Nobody is signed in as this person any more."),
        "revoked": texts.gettext("Signed out. That browser has to sign in again."),
        "signed-out": texts.gettext("You are signed out."),
        "dispatched": texts.gettext("What is due is tried now."),
        "paused": texts.gettext("Payments stand still: no charge, retry or refund is sent."),
        "resumed": texts.gettext("Payments go on."),
        "refunded": texts.gettext("The refund is asked for. Stripe’s answer stands here soon."),
        "settings-saved": texts.gettext("Saved. Pages and mails follow within seconds."),
        "uploaded": texts.gettext("Uploaded. It can be used right away."),
        "described": texts.gettext("Saved."),
        "media-removed": texts.gettext("Removed from the library."),
        "reconciling": texts.gettext("All charges are being compared with Stripe."),
        **campaign_words.done_words(texts),
        **operating.done_words(texts),
        **marketing_words.done_words(texts),
    }.get(name, "")


def action_name(action: str, language: Language) -> str:
    """Return what an action is called in the audit log."""
    texts = catalogue(language)
    return {
        "signed_in": texts.gettext("Signed in"),
        "signed_out": texts.gettext("Signed out"),
        "user_invited": texts.gettext("Invited a user"),
        "user_changed": texts.gettext("Changed a user’s rights"),
        "user_removed": texts.gettext("Removed a user"),
        "session_revoked": texts.gettext("Signed a browser out"),
        "audit_exported": texts.gettext("Downloaded the audit log"),
        "settlement_dispatched": texts.gettext("Had what is due tried now"),
        "payments_paused": texts.gettext("Paused payments"),
        "payments_resumed": texts.gettext("Resumed payments"),
        "refund_asked": texts.gettext("Asked for a refund"),
        "reconciliation_asked": texts.gettext("Had charges compared with Stripe"),
        "settings_saved": texts.gettext("Saved settings"),
        "settings_settled": texts.gettext("Looked at an edit that was set aside"),
        "media_uploaded": texts.gettext("Uploaded a file"),
        "media_described": texts.gettext("Described a file"),
        "media_removed": texts.gettext("Removed a file"),
        "report_downloaded": texts.gettext("Downloaded a report"),
        **campaign_words.action_words(texts),
        **operating.action_words(texts),
        **marketing_words.action_words(texts),
        "figures_downloaded": texts.gettext("Downloaded figures"),
    }.get(action, action)


def trouble_of(refusal: Refusal, language: Language) -> Trouble:
    """Return a refusal in words of a language; what we have no words for stays as it was said."""
    texts = catalogue(language)
    known = {**_known(texts), **media_reasons(texts), **settings_reasons(texts)}
    return Trouble(
        message=known.get(refusal.reason)
        or known.get(refusal.message)
        or _by_status(refusal.status, texts)
        or refusal.message,
        fields={name: known.get(text, text) for name, text in refusal.fields.items()},
    )


def _known(texts: NullTranslations) -> dict[str, str]:
    return {
        "invalid_input": texts.gettext(
            "Something in the form is not right yet. It says where below."
        ),
        "foreign_origin": texts.gettext("This can only be done from our own pages."),
        "csrf": texts.gettext("This form is too old. Open the page again and repeat it."),
        "no_session": texts.gettext("Sign in first. A session lasts eight hours."),
        "not_allowed": texts.gettext(
            "You don’t have the rights for this. A super admin can give them."
        ),
        "link_spent": texts.gettext("This link does not work any more. Ask for a new one."),
        "other_browser": texts.gettext(
            "Open the link in the browser that asked for it, or ask here again."
        ),
        "own_rights": texts.gettext("You can’t take away your own rights."),
        "last_super": texts.gettext("Somebody has to be able to do everything."),
        "known_user": texts.gettext("This person is a user already. Change them below."),
        "too_many_users": texts.gettext("There is room for 100 users."),
        "too_many_requests": texts.gettext("Too many tries. Wait a minute."),
        "unknown_user": texts.gettext("There is no such user any more."),
        "stale_plan": texts.gettext("The plan has changed since you looked. Look at it again."),
        "not_closed": texts.gettext("This campaign is not closed yet."),
        "unknown_campaign": texts.gettext("Settlement does not know this campaign yet."),
        "nothing_to_refund": texts.gettext("There is nothing left to give back."),
        "unknown_pledge": texts.gettext("There is no such pledge."),
        "unknown_session": texts.gettext("This session has ended already."),
        "Write one email address.": texts.gettext("Write one email address."),
        "Choose a role.": texts.gettext("Choose a role."),
        "Choose at least one campaign.": texts.gettext("Choose at least one campaign."),
        "There is no such campaign.": texts.gettext("There is no such campaign."),
        "Write a day as YYYY-MM-DD.": texts.gettext("Write a day as YYYY-MM-DD."),
        "This is too long.": texts.gettext("This is too long."),
        "This is no page.": texts.gettext("This is no page."),
        **campaign_words.refusal_words(texts),
        **operating.refusal_words(texts),
        **marketing_words.trouble_words(texts),
    }


def _by_status(status: int, texts: NullTranslations) -> str:
    return {
        404: texts.gettext("There is nothing here."),
        503: texts.gettext(
            "A part this needs is away for a moment. Nothing was changed. Try again."
        ),
        504: texts.gettext("This took too long. Look whether it was done before you repeat it."),
    }.get(status, "")
