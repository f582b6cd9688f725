"""The launch reminder: one address, one email on the day a film opens. Pure.

The sentence under the field is the consent: nobody's address is kept who did not see it.
Source: pages 2.9 and 16.20.
"""

import msgspec

from contracts.ids import canonical_email
from services.site.cart.answers import Refused
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import CampaignState, Stage

EMAIL_LENGTH_MAX = 254
CHALLENGE_LENGTH_MAX = 2_048
CONSENT_VERSION = "reminder-2026-11"
"""Names the sentence under the field; another sentence is another version."""

DONE = (200, 201, 202)


class ReminderForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form as it is shown, or what came of it."""

    slug: str
    url: str
    email: str = ""
    error: str = ""
    trouble: str = ""
    is_saved: bool = False
    # A challenge was not passed: it is shown at once, and not only when somebody begins to write.
    is_challenged: bool = False


class ReminderPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser without scripts is answered with."""

    language: Language
    slug: str
    title: str
    back: str
    form: ReminderForm


def reminder_form(state: CampaignState, stage: Stage, language: Language) -> ReminderForm | None:
    """Return the form of a film that is not open yet."""
    if stage != "upcoming":
        return None
    url = f"{prefix(language)}/campaigns/{state.slug}/remind/"
    return ReminderForm(slug=state.slug, url=url)


def email_error(written: str, language: Language) -> str:
    """Return what is wrong with an address, empty when nothing is."""
    texts = catalogue(language)
    if not written:
        return texts.gettext("Add your email address.")
    try:
        canonical_email(written)
    except ValueError:
        return texts.gettext("Check the email address. It looks like name@example.org.")
    return ""


def answered(
    form: ReminderForm, written: str, refused: Refused | None, language: Language
) -> tuple[ReminderForm, int]:
    """Return the form with what came of it, and the status to send it with."""
    texts = catalogue(language)
    if refused is None or refused.status in DONE:
        return msgspec.structs.replace(form, is_saved=True), 200
    kept = msgspec.structs.replace(form, email=written)
    if refused.error == "challenge_needed":
        trouble = texts.gettext(
            "We could not see that you are a person. Wait until the check below the field is done,"
            " then send it again. If there is no check, reload the page."
        )
        return msgspec.structs.replace(kept, trouble=trouble, is_challenged=True), 400
    if refused.status == 400:
        error = texts.gettext("Check the email address. It looks like name@example.org.")
        return msgspec.structs.replace(kept, error=error), 400
    troubles: dict[int, tuple[int, str]] = {
        409: (409, texts.gettext("This film has opened. You don't need a reminder any more.")),
        429: (429, texts.gettext("That was tried too often. Try again in a few minutes.")),
    }
    away = (503, texts.gettext("This does not work at the moment. Nothing was kept. Try again."))
    status, trouble = troubles.get(refused.status, away)
    return msgspec.structs.replace(kept, trouble=trouble), status


def page_of(state: CampaignState, form: ReminderForm, language: Language) -> ReminderPage:
    """Return the page around the form."""
    return ReminderPage(
        language=language,
        slug=state.slug,
        title=state.definition.title,
        back=f"{prefix(language)}/campaigns/{state.slug}/",
        form=form,
    )
