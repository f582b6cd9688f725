"""The screens of what is read: the story's blocks, and the diary made of the same. Pure."""

from gettext import NullTranslations

from services.site.admin.forms.fields import Field, Sheet

BODY_MAX = 50_000


def story(texts: NullTranslations) -> Sheet:
    """Return the screen of a campaign's story."""
    _ = texts.gettext
    intro = _("The story, as blocks one below the other.")
    field = _blocks(texts, "long_content", _("Content"))
    return Sheet(name="content", label=_("Content"), intro=intro, fields=(field,))


def diary(texts: NullTranslations) -> Sheet:
    """Return the screen of the production diary."""
    _ = texts.gettext
    entries = Field(
        name="diary",
        label=_("Diary entries"),
        kind="rows",
        row=_("Diary entry"),
        id_from="title",
        fields=(
            Field(name="title", label=_("Title"), is_required=True),
            Field(name="id", label=_("Id"), kind="id"),
            Field(
                name="date",
                label=_("Date and time"),
                kind="moment",
                is_required=True,
                help=_("2026-05-05, or 2026-05-05 19:30 in the platform’s time zone."),
            ),
            Field(
                name="phase",
                label=_("Phase"),
                kind="choice",
                default="fundraising",
                options=(
                    ("fundraising", _("Fundraising")),
                    ("pre-production", _("Pre-production")),
                    ("production", _("Production")),
                    ("post-production", _("Post-production")),
                    ("distribution", _("Distribution")),
                ),
            ),
            _blocks(texts, "content", _("Content")),
        ),
    )
    intro = _("News of the making. Supporters are told of a new entry by email.")
    return Sheet(name="diary", label=_("Diary"), intro=intro, fields=(entries,))


def _blocks(texts: NullTranslations, name: str, label: str) -> Field:
    _ = texts.gettext
    types = (
        ("text", _("Text")),
        ("quote", _("Quote")),
        ("image", _("Picture")),
        ("gallery", _("Gallery")),
        ("video", _("Video")),
        ("audio", _("Recording")),
        ("embed", _("Player")),
        ("divider", _("Divider")),
    )
    return Field(
        name=name,
        label=label,
        kind="rows",
        row=_("Block"),
        types=types,
        by_type={
            "text": _text(texts),
            "quote": (
                Field(name="text", label=_("Quote"), kind="long", length_max=2_000),
                Field(name="author", label=_("Who said it")),
            ),
            "image": _image(texts),
            "gallery": _gallery(texts),
            "video": _video(texts),
            "audio": (
                Field(name="src", label=_("File"), kind="asset", is_required=True),
                Field(name="title", label=_("Title")),
                _caption(texts),
            ),
            "embed": _embed(texts),
            "divider": (),
        },
    )


def _text(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    help_text = _("Markdown: **bold**, *italic*, ## heading, - list, [link](https://…).")
    return (
        Field(name="body", label=_("Text"), kind="long", length_max=BODY_MAX, help=help_text),
        _align(texts, "left"),
    )


def _image(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    return (
        Field(name="src", label=_("Picture"), kind="asset", is_required=True),
        _alt(texts),
        Field(name="decorative", label=_("Only decoration"), kind="flag", default="false"),
        _caption(texts),
        _align(texts, "center"),
    )


def _gallery(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    pictures = Field(
        name="images",
        label=_("Pictures"),
        kind="rows",
        row=_("Picture"),
        fields=(
            Field(name="src", label=_("Picture"), kind="asset", is_required=True),
            _alt(texts),
            _caption(texts),
        ),
    )
    layouts = (("grid", _("Grid")), ("logos", _("Logos")), ("carousel", _("Carousel")))
    styles = (("below", _("Below")), ("overlay", _("Over the picture")), ("hover", _("On hover")))
    return (
        Field(name="layout", label=_("Layout"), kind="choice", default="grid", options=layouts),
        _caption(texts),
        Field(
            name="caption_style",
            label=_("Captions"),
            kind="choice",
            default="below",
            options=styles,
        ),
        pictures,
    )


def _video(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    where = (("local", _("A file of ours")), ("youtube", "YouTube"), ("vimeo", "Vimeo"))
    return (
        Field(name="provider", label=_("From"), kind="choice", default="local", options=where),
        Field(name="src", label=_("File"), kind="asset"),
        Field(name="video_id", label=_("Id at YouTube or Vimeo"), length_max=40),
        Field(name="poster", label=_("Picture before it plays"), kind="asset"),
        _caption(texts),
    )


def _embed(texts: NullTranslations) -> tuple[Field, ...]:
    _ = texts.gettext
    players = (
        ("", _("Choose")),
        *(("spotify", "Spotify"), ("youtube", "YouTube"), ("vimeo", "Vimeo")),
    )
    return (
        Field(name="provider", label=_("From"), kind="choice", options=players),
        Field(
            name="src",
            label=_("Address of the player"),
            kind="url",
            is_required=True,
            length_max=2_048,
        ),
        Field(name="title", label=_("Title")),
        _caption(texts),
    )


def _alt(texts: NullTranslations) -> Field:
    return Field(
        name="alt",
        label=texts.gettext("What can be seen, for those who can’t"),
        length_max=1_000,
    )


def _caption(texts: NullTranslations) -> Field:
    return Field(name="caption", label=texts.gettext("Caption"), length_max=1_000)


def _align(texts: NullTranslations, default: str) -> Field:
    _ = texts.gettext
    return Field(
        name="align",
        label=_("Alignment"),
        kind="choice",
        default=default,
        options=(("left", _("Left")), ("center", _("Centre")), ("right", _("Right"))),
    )
