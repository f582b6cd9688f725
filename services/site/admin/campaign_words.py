"""What is said of campaigns and their texts: what was done, and why something was refused. Pure."""

from gettext import NullTranslations

from services.site.admin import reviewers


def done_words(texts: NullTranslations) -> dict[str, str]:
    """Return the sentence after something was done."""
    _ = texts.gettext
    return {
        "created": _("Begun. Nobody sees it until you publish it."),
        "saved": _("Saved. It is public as soon as you publish it."),
        "published": _("Published. It is on every page now."),
        "given-up": _("Given up. The editor shows what is public again."),
        "kept": _("Kept. Publish it to put it in the place of the other text."),
        "archived": _("Archived. It is on no public page any more."),
        "restored": _("Published again, as a new version."),
        "settled": _("Put away."),
        "stocked": _("The stock is changed."),
        "taken-back": _("Taken back. That reviewer’s link works no more."),
    }


def action_words(texts: NullTranslations) -> dict[str, str]:
    """Return what is read of it in the audit log."""
    _ = texts.gettext
    return {
        "campaign_created": _("Began a campaign"),
        "campaign_published": _("Published a campaign"),
        "campaign_restored": _("Published an old version again"),
        "campaign_archived": _("Archived a campaign"),
        "draft_saved": _("Saved a working copy"),
        "draft_given_up": _("Gave up a working copy"),
        "draft_kept": _("Kept a working copy over another text"),
        "set_aside_settled": _("Put a text away that was set aside"),
        "preview_shared": _("Made a link to look at a working copy"),
        "preview_taken_back": _("Took a reviewer’s link back"),
        "stock_changed": _("Changed stock by hand"),
    }


def refusal_words(texts: NullTranslations) -> dict[str, str]:
    """Return why something was not done."""
    _ = texts.gettext
    return {
        "draft_overtaken": _(
            "Somebody else has saved this campaign since you opened it. Nothing was changed; "
            "both texts stand below."
        ),
        "public_overtaken": _(
            "Another text was published since these changes were begun. Nothing was changed; "
            "both texts stand below."
        ),
        "not_ready": _("Something has to be put right before this can be published."),
        "draft_open": _("Publish or give up the changes first."),
        "nothing_public": _("There is nothing public to go back to."),
        "campaign_live": _("A live campaign can’t be archived."),
        "too_long": _("A campaign has room for 256 KiB of text."),
        "unknown_text": _("There is no such version."),
        "unknown_reviewer": _("This link has ended already."),
        "too_many_reviewers": _("At most 30 reviewers an hour are mailed. Try again later."),
        reviewers.NO_ADDRESS: _(
            "Write email addresses, one on each line or with commas between them."
        ),
        reviewers.TOO_MANY_AT_ONCE: _("At most 10 addresses at a time."),
        reviewers.TOO_MANY_MAILS: _("At most 30 reviewers an hour are mailed. Try again later."),
        "There is a campaign of this name already.": _("There is a campaign of this name already."),
        "Write a title of at most 160 characters.": _("Write a title of at most 160 characters."),
        "Use a–z, 0–9 and single dashes, at most 100 characters.": _(
            "Use a–z, 0–9 and single dashes, at most 100 characters."
        ),
        "Write a whole number.": _("Write a whole number."),
        "There is no such product.": _("There is no such product."),
    }
