"""The manage page put together: who is here, what they have, and what is in the way. Pure."""

import hmac
from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.api.notify import OwnMails
from contracts.api.pledges import Export, LinkedRecord
from services.site.cart.shop import Shop
from services.site.cart.shown import TotalRow
from services.site.cart.troubles import Trouble
from services.site.manage import words
from services.site.manage.cards import card, card_words, last_moment, line_words, reference, totals
from services.site.manage.changes import cents
from services.site.manage.editing import edit
from services.site.manage.farewell import farewell
from services.site.manage.form import ManageForm
from services.site.manage.history import history
from services.site.manage.own import own
from services.site.manage.shown import ManagePage, Receipt, Told, Who
from services.site.manage.standing import is_closed, standing_of
from services.site.manage.wanted import Change
from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.views import Notice


def shell(language: Language, *, trouble: Trouble | None = None) -> ManagePage:
    """Return the page without a link, or with one that opens nothing: a new one can be sent."""
    return ManagePage(
        language=language,
        trouble=trouble or words.missing_link(language),
        focus="trouble" if trouble else "",
        asks_email=trouble is None or not trouble.is_passing,
    )


def links_page(language: Language) -> ManagePage:
    """Return what everybody sees who has asked for a new link."""
    return ManagePage(language=language, notice=words.links_sent(language), focus="notice")


def list_page(
    form: ManageForm,
    records: Sequence[LinkedRecord],
    shop: Shop,
    language: Language,
    *,
    notice: Notice | None = None,
    trouble: Trouble | None = None,
) -> ManagePage:
    """Return all pledges of a link: what needs somebody first, newest first, closed ones last."""
    newest = sorted(records, key=_newest, reverse=True)
    active = [each for each in newest if not is_closed(each)]
    active.sort(key=lambda each: standing_of(each) != "payment_failed")
    linked = [_linked_to(each, form) for each in (*active, *(e for e in newest if is_closed(e)))]
    cards = [card(each, records, shop, language) for each in linked]
    return ManagePage(
        language=language,
        mode="list",
        token=form.token,
        who=_who(records, shop, language),
        said=notice.title if notice else "",
        focus="trouble" if trouble else "notice" if notice else "",
        notice=notice,
        trouble=trouble,
        active=tuple(cards[: len(active)]),
        closed=tuple(cards[len(active) :]),
    )


def edit_page(
    change: Change,
    records: Sequence[LinkedRecord],
    *,
    trouble: Trouble | None = None,
    meanwhile: tuple[Told, ...] = (),
) -> ManagePage:
    """Return the form in which one pledge is changed."""
    language, preview = change.language, change.preview
    shown = edit(change)
    label = catalogue(language).gettext("Total, if the film is funded")
    said = f"{label}: {cents(preview.totals.amount)}" if preview else ""
    focus = "trouble" if trouble else "edit-title" if change.form.deed == "edit" else ""
    return ManagePage(
        language=language,
        mode="edit",
        token=change.form.token,
        own=change.form.own,
        who=_who(records, change.shop, language),
        said=said,
        focus="confirm-back" if shown.confirm else focus,
        trouble=trouble,
        meanwhile=meanwhile,
        edit=shown,
    )


def receipt_page(
    form: ManageForm,
    record: LinkedRecord,
    records: Sequence[LinkedRecord],
    shop: Shop,
    language: Language,
) -> ManagePage:
    """Return one pledge as it is printed."""
    return ManagePage(
        language=language,
        mode="receipt",
        token=form.token,
        own=form.own,
        who=_who(records, shop, language),
        focus="receipt-title",
        receipt=_receipt(record, shop, language),
    )


def own_page(
    form: ManageForm,
    export: Export,
    mails: OwnMails | None,
    shop: Shop,
    language: Language,
    *,
    trouble: Trouble | None = None,
) -> ManagePage:
    """Return everything that is kept about somebody, to be read, printed or taken along."""
    return ManagePage(
        language=language,
        mode="data",
        token=form.token,
        focus="trouble" if trouble else "own-title",
        trouble=trouble,
        own_data=own(export, mails, shop, language),
    )


def erase_page(
    form: ManageForm, export: Export, language: Language, *, trouble: Trouble | None = None
) -> ManagePage:
    """Return the question before somebody is erased, with what is in the way of it."""
    return ManagePage(
        language=language,
        mode="erase",
        token=form.token,
        focus="trouble" if trouble else "erase-title",
        trouble=trouble,
        farewell=farewell([each.pledge for each in export.pledges], language),
    )


def find_own(records: Sequence[LinkedRecord], form: ManageForm) -> LinkedRecord:
    """Return the pledge that a form is about: by its own link, else the one of the page's."""
    named = (each for each in records if _is_same(each.token, form.own))
    return next(named, records[0])


def _is_same(one: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())


def _newest(record: LinkedRecord) -> tuple[datetime, datetime]:
    return record.created_at, record.deadline


def _linked_to(record: LinkedRecord, form: ManageForm) -> LinkedRecord:
    return msgspec.structs.replace(record, token=record.token or form.token)


def _who(records: Sequence[LinkedRecord], shop: Shop, language: Language) -> Who:
    own = records[0]
    day = formatting.date(own.created_at, shop.platform.timezone, language)
    sentence = catalogue(language).gettext("From your checkout on %(date)s, as")
    return Who(sentence=sentence % {"date": day}, email=own.email)


def _receipt(record: LinkedRecord, shop: Shop, language: Language) -> Receipt:
    texts = catalogue(language)
    zone = shop.platform.timezone
    is_paid = standing_of(record) == "charged"
    facts = [
        (texts.gettext("Reference"), reference(record)),
        (texts.gettext("Film"), record.campaign_title),
        (texts.gettext("Pledged"), formatting.date(record.created_at, zone, language)),
        (texts.gettext("Email"), record.email),
        (texts.gettext("Card"), card_words(record, language)),
    ]
    if record.charged_at:
        paid = formatting.date(record.charged_at, zone, language)
        facts.insert(3, (texts.gettext("Charged"), paid))
    if record.shipping_address and record.shipping_address.address1:
        place = record.shipping_address
        parts = (place.name, place.address1, place.address2, place.city)
        tail = (place.province, place.postal_code, place.country)
        told = ", ".join(part for part in (*parts, *tail) if part)
        facts.append((texts.gettext("Sent to"), told))
    note = texts.gettext("This was charged once. It is your receipt.")
    if not is_paid:
        note = texts.gettext("This is a pledge, not a payment. It is decided on %(deadline)s.") % {
            "deadline": last_moment(record, shop, language)
        }
    return Receipt(
        title=record.campaign_title,
        heading=texts.gettext("Receipt") if is_paid else texts.gettext("Pledge statement"),
        facts=tuple(facts),
        lines=tuple(
            TotalRow(label=line_words(line, language), amount=cents(line.amount))
            for line in record.lines
        ),
        totals=totals(record, shop, language),
        history=history(record, shop, language),
        note=note,
    )
