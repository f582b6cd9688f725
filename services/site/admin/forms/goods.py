"""The screens of what supporters take and pay toward: tiers, support items, add-ons. Pure."""

from gettext import NullTranslations

from contracts.presets import PRESETS
from services.site.admin.forms.fields import Field, Sheet


def tiers(texts: NullTranslations) -> Sheet:
    """Return the screen of a campaign's rewards."""
    _ = texts.gettext
    rows = Field(
        name="tiers",
        label=_("Tiers"),
        kind="rows",
        row=_("Tier"),
        id_from="name",
        fields=(
            Field(name="name", label=_("Name"), is_required=True),
            Field(name="id", label=_("Id"), kind="id"),
            Field(name="price", label=_("Price, in dollars"), kind="money", is_required=True),
            Field(name="description", label=_("Description"), kind="rich", length_max=3_000),
            Field(name="image", label=_("Picture"), kind="asset"),
            Field(
                name="limit_total",
                label=_("How many there are"),
                kind="whole",
                help=_("Empty: as many as people want."),
            ),
            Field(
                name="stackable", label=_("A person may take several"), kind="flag", default="false"
            ),
            Field(name="sold_out", label=_("Sold out"), kind="flag", default="false"),
            _late(texts),
            Field(
                name="requires_threshold",
                label=_("Opens at, in dollars pledged"),
                kind="money",
            ),
            _category(texts, "digital"),
            *_parcel(texts),
            _questions(texts),
        ),
    )
    intro = _("Rewards that people can choose. Existing pledges keep the price they were made at.")
    return Sheet(name="tiers", label=_("Tiers"), intro=intro, fields=(rows,))


def support(texts: NullTranslations) -> Sheet:
    """Return the screen of the budget's parts and the phases they belong to."""
    _ = texts.gettext
    fields = (
        Field(name="label", label=_("Name"), is_required=True),
        Field(name="id", label=_("Id"), kind="id"),
        Field(name="need", label=_("What it is for"), kind="rich", length_max=2_000),
        Field(name="target", label=_("Needed, in dollars"), kind="money", is_required=True),
        _category(texts, "digital"),
        *_parcel(texts),
        _late(texts),
    )
    items = Field(
        name="support_items",
        label=_("Support items"),
        kind="rows",
        row=_("Support item"),
        id_from="label",
        fields=fields,
    )
    registry = Field(
        name="registry",
        label=_("What this phase needs"),
        kind="rows",
        row=_("Support item"),
        id_from="label",
        fields=fields,
    )
    phases = Field(
        name="phases",
        label=_("Phases"),
        kind="rows",
        row=_("Phase"),
        fields=(Field(name="name", label=_("Name"), is_required=True), registry),
    )
    intro = _("Parts of the budget that people can pay toward, alone or in phases of the making.")
    return Sheet(name="support", label=_("Support items"), intro=intro, fields=(items, phases))


def add_ons(texts: NullTranslations) -> Sheet:
    """Return the screen of a campaign's products beside the rewards."""
    _ = texts.gettext
    intro = _("Products beside the rewards. A product’s id belongs to one campaign alone.")
    fields = (products("campaign_add_ons", texts),)
    return Sheet(name="add-ons", label=_("Add-ons"), intro=intro, fields=fields)


def products(name: str, texts: NullTranslations, *, by_id: bool = False) -> Field:
    """Return rows of products with their variants."""
    _ = texts.gettext
    unlimited = _("Empty: as many as people want.")
    variants = Field(
        name="variants",
        label=_("Variants"),
        kind="rows",
        row=_("Variant"),
        id_from="label",
        by_id=by_id,
        fields=(
            Field(name="label", label=_("Name"), is_required=True, length_max=120),
            Field(name="id", label=_("Id"), kind="id"),
            Field(
                name="price",
                label=_("Own price, in dollars"),
                kind="money",
                help=_("Empty: the product’s price. 0 is a price."),
            ),
            Field(name="inventory", label=_("In stock"), kind="whole", help=unlimited),
        ),
    )
    return Field(
        name=name,
        label=_("Add-ons"),
        kind="rows",
        row=_("Add-on"),
        id_from="name",
        by_id=by_id,
        fields=(
            Field(name="name", label=_("Name"), is_required=True, length_max=120),
            Field(name="id", label=_("Id"), kind="id"),
            Field(name="price", label=_("Price, in dollars"), kind="money", is_required=True),
            Field(name="description", label=_("Description"), kind="rich", length_max=2_000),
            Field(name="image_url", label=_("Picture"), kind="asset"),
            _category(texts, "physical"),
            *_parcel(texts),
            Field(name="inventory", label=_("In stock"), kind="whole", help=unlimited),
            Field(name="source_url", label=_("Where it comes from"), kind="url", length_max=2_048),
            Field(
                name="variant_option_name",
                label=_("What the variants differ in"),
                length_max=80,
                help=_("Size, for example."),
            ),
            variants,
        ),
    )


def _late(texts: NullTranslations) -> Field:
    return Field(
        name="late_support",
        label=texts.gettext("Stays open after a funded end"),
        kind="flag",
        default="false",
    )


def _category(texts: NullTranslations, default: str) -> Field:
    _ = texts.gettext
    return Field(
        name="category",
        label=_("Kind"),
        kind="choice",
        default=default,
        options=(("digital", _("Digital")), ("physical", _("Posted as a parcel"))),
    )


def _parcel(texts: NullTranslations) -> tuple[Field, Field]:
    """Return what is asked of a parcel: a known kind, or what it weighs and measures."""
    _ = texts.gettext
    named = {
        "sticker": _("Sticker"),
        "tshirt": _("T-shirt"),
        "poster": _("Poster"),
        "cd": "CD",
        "vinyl": _("Vinyl record"),
        "dvd": "DVD",
        "bluray": "Blu-ray",
        "signed_script": _("Signed script"),
    }
    preset = Field(
        name="shipping_preset",
        label=_("Parcel"),
        kind="choice",
        options=(("", _("None, or as measured below")), *((each, named[each]) for each in PRESETS)),
    )
    measures = (
        ("weight_oz", _("Weight, in ounces")),
        ("length_in", _("Length, in inches")),
        ("width_in", _("Width, in inches")),
        ("height_in", _("Height, in inches")),
        ("packaging_weight_oz", _("Packaging, in ounces, once")),
        ("stack_height_in", _("Height of each further one, in inches")),
    )
    package = Field(
        name="shipping",
        label=_("Own weight and size"),
        kind="record",
        fields=tuple(Field(name=name, label=label, kind="number") for name, label in measures),
    )
    return preset, package


def _questions(texts: NullTranslations) -> Field:
    _ = texts.gettext
    return Field(
        name="fields",
        label=_("Questions to whoever takes it"),
        kind="rows",
        row=_("Question"),
        fields=(
            Field(name="name", label=_("Question"), is_required=True, length_max=120),
            Field(
                name="type",
                label=_("Answer"),
                kind="choice",
                default="text",
                options=(
                    ("text", _("Text")),
                    ("number", _("Number")),
                    ("choice", _("One of these choices")),
                ),
            ),
            Field(
                name="choices",
                label=_("Choices"),
                kind="lines",
                length_max=20_000,
                help=_("One in each line."),
            ),
            Field(name="required", label=_("Must be answered"), kind="flag", default="false"),
        ),
    )
