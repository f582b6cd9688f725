"""The manage page in its states, drawn without a ledger."""

from collections.abc import Callable
from typing import Any

import msgspec

from contracts.api.figures import Figures
from contracts.api.notify import OwnMail, OwnMails
from contracts.api.pledges import (
    Along,
    ChangePreview,
    Credit,
    Export,
    ExportedPledge,
    LinkedRecord,
    Movement,
    Option,
    RecordLine,
)
from contracts.events.checkout import Attribution, Consent
from contracts.ids import CampaignSlug
from contracts.pricing import Why
from services.site.cart.answers import Refused
from services.site.manage import words
from services.site.manage.answers import Exported
from services.site.manage.demo import STATES, demo_page, demo_record
from services.site.manage.farewell import erased_page, not_gathered, refused
from services.site.manage.form import ManageForm, form_of
from services.site.manage.history import history
from services.site.manage.page import (
    edit_page,
    erase_page,
    links_page,
    own_page,
    receipt_page,
    shell,
)
from services.site.manage.shown import ManagePage
from services.site.manage.wanted import Change
from services.site.public import render
from services.site.public.language import Language
from tests.site import carts
from tests.site.stages import SITE

Make = Callable[[Language], bytes]
FORM = ManageForm(token="t", own="p")


def a_record(**facts: Any) -> LinkedRecord:
    """Return an active pledge to the first film of the carts' shop: a print and two credits."""
    lines = (
        RecordLine(
            kind="tier",
            item_id="print",
            variant_id=None,
            label="A signed print",
            quantity=1,
            unit_amount=6_000,
            amount=6_000,
            counts_toward_goal=True,
            is_physical=True,
            answers={"Your frame number": "7"},
        ),
        RecordLine(
            kind="tier",
            item_id="credit",
            variant_id=None,
            label="A credit",
            quantity=2,
            unit_amount=500,
            amount=1_000,
            counts_toward_goal=True,
            is_physical=False,
            answers={},
        ),
    )
    sample = demo_record("active", carts.shop().now)
    record = msgspec.structs.replace(
        sample, campaign_slug=carts.TAKE, campaign_title="The Long Take", lines=lines
    )
    return msgspec.structs.replace(record, **facts)


def a_preview(record: LinkedRecord, **facts: Any) -> ChangePreview:
    """Return what checkout would say about three credits and a tip of ten per cent."""
    lines = tuple(
        msgspec.structs.replace(each, quantity=3, amount=1_500)
        if each.item_id == "credit"
        else each
        for each in record.lines
    )
    totals = Figures(
        subtotal=7_500, shipping=300, tax=591, tip_percent=10, tip_amount=750, amount=9_141
    )
    previous = Figures(
        subtotal=7_000, shipping=300, tax=551, tip_percent=5, tip_amount=350, amount=8_201
    )
    made = ChangePreview(
        order_id=record.order_id,
        revision=record.revision,
        totals=totals,
        previous=previous,
        lines=lines,
        why=(Why(figure="tax", rule="flat_rate", inputs={"rate": "0.07875", "baseCents": 7_500}),),
        shipping_options=(
            Option(id="standard", surcharge=0, selected=True),
            Option(id="signature_required", surcharge=350, selected=False),
        ),
        shipping_state="quoted",
        tax_state="quoted",
        linked=(
            Along(
                order_id="pool-intent-x-the-hall",
                campaign_slug=carts.HALL,
                campaign_title="The Hall",
                previous_amount=2_000,
                amount=2_100,
            ),
        ),
    )
    return msgspec.structs.replace(made, **facts)


def an_export(*records: LinkedRecord) -> Exported:
    """Return everything about somebody with these pledges."""
    pledges = tuple(
        ExportedPledge(
            pledge=each,
            consent=Consent(version="2026-01", language="en", given_at=each.created_at),
            came_by=Attribution(ref="newsletter"),
            money=(Movement(kind="gross", cents=8_201), Movement(kind="fee", cents=-268)),
            votes={"poster": "The lighthouse"},
            credit=Credit(credited_as="Noor H.", on_wall=True),
        )
        for each in records
    )
    told = Export(exported_at=carts.shop().now, email="noor@halfmoon.example", pledges=pledges)
    raw = b'{"email":"noor@halfmoon.example","pledges":[{"pledge":{"customAmount":12.50}}]}'
    return Exported(told=told, raw=raw)


def sent_mails() -> tuple[OwnMails, bytes]:
    """Return two mails, of which one could not be delivered."""
    mails = OwnMails(
        mails=tuple(
            OwnMail(
                kind=kind,
                campaign_slug=CampaignSlug("the-long-take"),
                subject=f"{title} | The Long Take",
                language="en",
                written_at=carts.shop().now,
                status=status,
                sent_at=None,
            )
            for kind, title, status in (
                ("pledge_confirmed", "Pledge confirmed", "sent"),
                ("refunded", "Refund", "undeliverable"),
            )
        )
    )
    return mails, msgspec.json.encode(mails)


def _every_state() -> tuple[LinkedRecord, ...]:
    return tuple(demo_record(state, carts.shop().now, at) for at, state in enumerate(STATES))


def _own(language: Language, *, has_mails: bool = True) -> ManagePage:
    mails = sent_mails()[0] if has_mails else None
    trouble = None if has_mails else not_gathered(language)
    export = an_export(*_every_state()).told
    return own_page(FORM, export, mails, carts.shop(), language, trouble=trouble)


def _erasing(language: Language, *records: LinkedRecord, error: str = "") -> ManagePage:
    trouble = refused(Refused(status=409, error=error), language) if error else None
    return erase_page(FORM, an_export(*records).told, language, trouble=trouble)


def a_change(language: Language = "en", *, confirms: bool = False, **facts: Any) -> Change:
    """Return a change in the making."""
    record = a_record()
    form = form_of(record, FORM)
    wanted = {"tiers": {"print": "1", "credit": "3"}, "tip": 10, "is_scripted": True, **facts}
    return Change(
        record=record,
        form=msgspec.structs.replace(form, **wanted),
        preview=a_preview(record),
        shop=carts.shop(),
        language=language,
        key="k",
        confirms=confirms,
    )


def _in_trouble(language: Language) -> ManagePage:
    change = a_change(language)
    no = Refused(status=409, error="conflict")
    trouble = words.change_trouble(no, change.shop, carts.TAKE, language)
    meanwhile = history(change.record, change.shop, language, since=1)
    return edit_page(change, (change.record,), trouble=trouble, meanwhile=meanwhile)


PAGES: dict[str, Callable[[Language], ManagePage]] = {
    "every state": lambda language: demo_page(carts.shop(), language),
    "bad link": lambda language: shell(
        language, trouble=words.link_trouble(Refused(status=401, error="invalid_link"), language)
    ),
    "links sent": links_page,
    "editing": lambda language: edit_page(a_change(language), (a_record(),)),
    "confirming": lambda language: edit_page(a_change(language, confirms=True), (a_record(),)),
    "in trouble": _in_trouble,
    "receipt": lambda language: receipt_page(
        FORM, a_record(), (a_record(),), carts.shop(), language
    ),
}
PAGES |= {
    "own data": _own,
    "own data without mails": lambda language: _own(language, has_mails=False),
    "erasing": lambda language: _erasing(language, a_record()),
    "erasing while charged": lambda language: _erasing(language, *_every_state()),
    "erasing refused": lambda language: _erasing(language, a_record(), error="charge_open"),
    "erasing later": lambda language: _erasing(language, a_record(), error="unavailable"),
    "erased": erased_page,
}
NAMES = tuple(PAGES)


def drawn(name: str) -> Make:
    """Return what makes a page's bytes."""
    return lambda language: render.render_manage(PAGES[name](language), SITE)
