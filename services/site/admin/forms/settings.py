"""The screen of a campaign's settings. Pure."""

from gettext import NullTranslations

from services.site.admin.forms.fields import Field, Sheet


def settings(texts: NullTranslations) -> Sheet:
    """Return the screen of what a campaign is, when it runs, and how it looks."""
    _ = texts.gettext
    return Sheet(
        name="settings",
        label=_("Settings"),
        intro=_("What the campaign is, when it runs, and how it looks."),
        fields=(
            *_what(texts),
            *_when(texts),
            *_pictures(texts),
            *_rules(texts),
            *_shipping(texts),
            *_people(texts),
        ),
    )


def _what(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(
            name="title",
            label=_("Title"),
            is_required=True,
            help=_("Up to 30 characters reads best on cards."),
        ),
        Field(name="creator_name", label=_("Creator’s name")),
        Field(
            name="short_blurb",
            label=_("Short blurb"),
            kind="rich",
            length_max=2_000,
            help=_("One sentence of at most 80 characters fits the cards."),
        ),
        Field(
            name="category",
            label=_("Category"),
            kind="choice",
            default="Other",
            options=(
                ("Short Film", _("Short film")),
                ("Feature Film", _("Feature film")),
                ("Documentary", _("Documentary")),
                ("Web Series", _("Web series")),
                ("Music Video", _("Music video")),
                ("Album", _("Album")),
                ("Other", _("Other")),
            ),
        ),
        Field(name="instagram", label=_("Instagram address"), kind="url", length_max=2_048),
    )


def _when(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(
            name="start_date",
            label=_("Start date"),
            kind="day",
            is_required=True,
            help=_("Live from the first instant of this day, in the platform’s time zone."),
        ),
        Field(
            name="goal_deadline",
            label=_("Last day"),
            kind="day",
            is_required=True,
            help=_("This whole day still counts."),
        ),
        Field(
            name="goal_amount",
            label=_("Goal, in dollars"),
            kind="money",
            is_required=True,
            help=_("Start, last day and goal are frozen once the campaign is live."),
        ),
    )


def _pictures(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    where = _("A path such as media/poster.webp, or an https address.")
    return (
        Field(name="hero_image", label=_("Square picture"), kind="asset", help=where),
        Field(name="hero_image_wide", label=_("Wide picture"), kind="asset", help=where),
        Field(
            name="hero_video",
            label=_("Film or trailer"),
            kind="asset",
            help=_("A page at YouTube or Vimeo, or media/trailer.mp4."),
        ),
        Field(name="creator_image", label=_("Creator’s picture"), kind="asset"),
        Field(name="campaign_background", label=_("Campaign background"), kind="asset"),
        Field(name="progress_background", label=_("Progress background"), kind="asset"),
    )


def _rules(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(
            name="featured_tier_id",
            label=_("Featured tier"),
            kind="choice",
            help=_("Shown first, with the one filled button."),
        ),
        Field(
            name="single_tier_only",
            label=_("One tier per pledge"),
            kind="flag",
            default="false",
        ),
        Field(
            name="stretch_hidden",
            label=_("Hide stretch goals until they are near"),
            kind="flag",
            default="true",
        ),
        Field(
            name="custom_late_support",
            label=_("Take any amount after a funded end"),
            kind="flag",
            default="false",
        ),
        Field(
            name="test_only",
            label=_("Test campaign, listed nowhere"),
            kind="flag",
            default="false",
        ),
        Field(
            name="preview_only",
            label=_("Reachable by its link alone"),
            kind="flag",
            default="false",
        ),
    )


def _shipping(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(
            name="free_shipping",
            label=_("Shipping"),
            kind="choice",
            options=(
                ("", _("As the platform has it")),
                ("true", _("Free")),
                ("false", _("Paid")),
            ),
        ),
        Field(
            name="shipping_fallback_flat_rate",
            label=_("Own flat rate per parcel, in dollars"),
            kind="money",
        ),
        Field(
            name="shipping_options",
            label=_("Offer at checkout"),
            kind="choices",
            options=(
                ("signature_required", _("Signature")),
                ("adult_signature_required", _("Adult signature")),
            ),
        ),
    )


def _people(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(
            name="runner_report_emails",
            label=_("Also send reports to"),
            kind="lines",
            length_max=20_000,
            help=_("One email address in each line."),
        ),
        Field(
            name="runner_report_excluded_emails",
            label=_("Never send reports to"),
            kind="lines",
            length_max=20_000,
            help=_("One email address in each line."),
        ),
    )
