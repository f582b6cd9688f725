"""What is wrong in a campaign file, in the words of a language. Pure.

The reader's own sentences are English and follow a field's name; here each has its
translation, with whatever it quotes kept.
"""

import re
from collections.abc import Iterable
from gettext import NullTranslations

import msgspec

from services.site.admin.forms.fields import Field, Sheet, html_id, root_of, steps_of
from services.site.admin.forms.sheets import sheet_of
from services.site.public.language import Language, catalogue
from services.site.publishing.model import Mistake


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake in words, and where it is put right."""

    message: str
    path: str
    sheet: str
    label: str

    @property
    def id(self) -> str:
        """Return where on its screen it stands."""
        return html_id(self.path) if self.path else "main"


def told(mistakes: Iterable[Mistake], language: Language) -> tuple[Told, ...]:
    """Return mistakes with their screens, each once."""
    found: dict[Told, None] = {}
    for each in mistakes:
        sheet = sheet_of(root_of(each.field), language)
        label = label_of(sheet, each.field)
        message = said(each.message, language)
        found[Told(message=message, path=each.field, sheet=sheet.name, label=label)] = None
    return tuple(found)


def label_of(sheet: Sheet, path: str) -> str:
    """Return what a reader calls the place of a mistake, such as “Tier 2 · Price”."""
    fields, names = sheet.fields, list[str]()
    found: Field | None = None
    for step in steps_of(path):
        if isinstance(step, int):
            if found is not None and found.kind == "rows" and names:
                names[-1] = f"{found.row} {step + 1}"
            continue
        found = next((field for field in fields if field.name == step), None)
        if found is None:
            break
        names.append(found.label)
        kinds = [field for each in found.by_type.values() for field in each]
        fields = (*found.fields, *kinds)
    return " · ".join(names) or sheet.label


def by_path(mistakes: Iterable[Told]) -> dict[str, list[str]]:
    """Return what is wrong at each path."""
    found: dict[str, list[str]] = {}
    for each in mistakes:
        found.setdefault(each.path, []).append(each.message)
    return found


def said(message: str, language: Language) -> str:
    """Return a sentence of the reader in a language; one we have no words for stays."""
    texts = catalogue(language)
    plain = {**_of_values(texts), **_of_addresses(texts), **_of_settings(texts)}.get(message)
    if plain:
        return plain
    for pattern, sentence in _with_values(texts):
        match = re.fullmatch(pattern, message, re.S)
        if match:
            return sentence.format(*match.groups())
    return message


def _of_values(texts: NullTranslations) -> dict[str, str]:
    _ = texts.gettext
    return {
        "is missing": _("This is missing."),
        "is empty": _("This is empty."),
        "is not an amount of dollars such as 25 or 19.99": _(
            "Write an amount of dollars such as 25 or 19.99."
        ),
        "an amount is between 0 and 1,000,000 dollars": _(
            "An amount is between 0 and 1,000,000 dollars."
        ),
        "more than two decimals": _("An amount has at most two decimals."),
        "is not a whole number such as 25": _("Write a whole number such as 25."),
        "is not a number such as 2.5": _("Write a number such as 2.5."),
        "must be more than 0 and less than 10,000": _("Write more than 0 and less than 10,000."),
        "is not a date such as 2026-05-05": _("Write a date such as 2026-05-05."),
        "is neither a date (2026-05-05) nor a time (2026-05-05T19:30-06:00)": _(
            "Write a date such as 2026-05-05, or a time such as 2026-05-05 19:30."
        ),
        "lies before start_date": _("The last day lies before the start."),
        "must be more than 0": _("Write more than 0."),
        "is frozen since the campaign went live; put the old value back": _(
            "This is frozen since the campaign went live. Put the old value back."
        ),
        "is in every link and cannot be changed": _("This is in every link and can’t be changed."),
        "is missing (or `shipping` with weight and size)": _(
            "What is posted needs a parcel, or its own weight and size."
        ),
        "stands beside a shipping_preset; keep one of the two": _(
            "Choose a parcel or give its size, not both."
        ),
        "names an option twice": _("An option is named twice."),
        "has between 1 and 50 entries": _("Write between 1 and 50 options."),
        "has two goals at the same threshold": _("Two stretch goals have the same sum."),
        "is not a name of a–z, 0–9 and single dashes, at most 100 characters": _(
            "Use a–z, 0–9 and single dashes, at most 100 characters."
        ),
    }


def _of_addresses(texts: NullTranslations) -> dict[str, str]:
    _ = texts.gettext
    return {
        "is neither a path such as media/poster.webp nor an https address": _(
            "Write a path such as media/poster.webp, or an https address."
        ),
        "is neither a file of ours nor a video at YouTube or Vimeo": _(
            "Write the path of a file, or a page at YouTube or Vimeo."
        ),
        "is not an MP4, WebM or MOV file": _("Films are MP4, WebM or MOV files."),
        "is not a web address": _("Write a web address."),
        "is not an http or https address": _("Write an address that begins with https://."),
        "has no host that we would contact": _("This address leads nowhere."),
        "must not contain a user name or password": _("An address has no user name or password."),
        "contains a blank, a quote or another sign that an address cannot have": _(
            "An address has no blanks or quotes."
        ),
        "not an e-mail address": _("Write one email address."),
        "pictures are blocks of their own (type: image)": _(
            "Pictures are blocks of their own: add one below."
        ),
    }


def _of_settings(texts: NullTranslations) -> dict[str, str]:
    _ = texts.gettext
    return {
        "is not a country's two letters": _("A country has two letters, such as US."),
        "has neither a rate nor states": _(
            "Write a rate for the country, or for some of its states."
        ),
        "is not a ZIP code of five digits (quote it)": _("Write a ZIP code of five digits."),
        "is more than the largest tip": _("This is more than the largest tip."),
        "posts from the United States only; see origin_country": _(
            "USPS posts from the United States alone."
        ),
        "is not a time of day such as 07:00": _("Write a time of day such as 07:00."),
        "is later than 20:00: a report has until midnight to be made": _(
            "This is later than 20:00: a report has until midnight to be made."
        ),
        "leaves nothing in a report: stats_summary is off, too": _(
            "Nothing is left in a report: the figures are off, too."
        ),
    }


def _with_values(texts: NullTranslations) -> tuple[tuple[str, str], ...]:
    _ = texts.gettext
    return (
        (r"is longer than ([\d,]+) characters.*", _("This is longer than {0} characters.")),
        (r"uses “(.*)” twice", _("“{0}” stands here twice.")),
        (r"“(.*)” is none of (.*)", _("“{0}” is none of these: {1}.")),
        (r"names no tier \(“(.*)”\)", _("There is no tier “{0}” any more.")),
        (r"“(.*)” is also sold in (.*)", _("“{0}” is also sold in {1}.")),
        (r"a list has at most (\d+) entries here", _("There is room for {0} here.")),
        (r"“(.*)” is not a country's two letters", _("A country has two letters: “{0}” is none.")),
        (r"is not a state of (.*)", _("{0} has no such state.")),
        (r"is more than (\d+)", _("This is more than {0}.")),
        (r"is not between ([\d,]+) and ([\d,]+)", _("Write a number between {0} and {1}.")),
        (
            r"is not a number from (.*) up to \(not including\) (.*)",
            _("Write a number from {0} up to, not including, {1}."),
        ),
        (r"lies outside the years (.*)", _("Write a year from {0}.")),
        (r"must begin with (https://.*)", _("This must begin with {0}")),
        (r"is not the id of a video at (.*)", _("This is not the id of a video at {0}.")),
        (
            r"the link to “(.*)” is not .*",
            _("The link to “{0}” is not http, https, mailto or a page of ours."),
        ),
        (
            r"the tag <(.*)> is not taken here; .*",
            _("The tag <{0}> is not taken here. Use Markdown."),
        ),
        (r"no tier's id may begin with “(.*)”", _("No tier’s id may begin with “{0}”.")),
    )
