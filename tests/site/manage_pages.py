"""The manage page in its states, drawn without a ledger."""

from collections.abc import Callable
from typing import Any

import msgspec

from services.site.cart.answers import Figures, Refused, Why
from services.site.manage import words
from services.site.manage.answers import Along, Option, Preview, Record, RecordLine
from services.site.manage.demo import demo_page, demo_record
from services.site.manage.form import ManageForm, form_of
from services.site.manage.history import history
from services.site.manage.page import edit_page, links_page, receipt_page, shell
from services.site.manage.shown import ManagePage
from services.site.manage.wanted import Change
from services.site.public import render
from services.site.public.language import Language
from tests.site import carts
from tests.site.stages import SITE

Make = Callable[[Language], bytes]
FORM = ManageForm(token="t", own="p")


def a_record(**facts: Any) -> Record:
    """Return an active pledge to the first film of the carts' shop: a print and two credits."""
    lines = (
        RecordLine(
            kind="tier",
            item_id="print",
            label="A signed print",
            quantity=1,
            unit_amount=6_000,
            amount=6_000,
            is_physical=True,
            answers={"Your frame number": "7"},
        ),
        RecordLine(
            kind="tier",
            item_id="credit",
            label="A credit",
            quantity=2,
            unit_amount=500,
            amount=1_000,
        ),
    )
    sample = demo_record("active", carts.shop().now)
    record = msgspec.structs.replace(
        sample, campaign_slug=carts.TAKE, campaign_title="The Long Take", lines=lines
    )
    return msgspec.structs.replace(record, **facts)


def a_preview(record: Record, **facts: Any) -> Preview:
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
    made = Preview(
        order_id=record.order_id,
        revision=record.revision,
        totals=totals,
        previous=previous,
        lines=lines,
        why=(Why(figure="tax", rule="flat_rate", inputs={"rate": "0.07875", "baseCents": 7_500}),),
        shipping_options=(
            Option(id="standard", selected=True),
            Option(id="signature_required", surcharge=350),
        ),
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
NAMES = tuple(PAGES)


def drawn(name: str) -> Make:
    """Return what makes a page's bytes."""
    return lambda language: render.render_manage(PAGES[name](language), SITE)
