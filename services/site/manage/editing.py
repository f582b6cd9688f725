"""The form in which a pledge is changed, and the question before it is. Pure."""

import msgspec

from services.site.cart.details import address_fields, option_name
from services.site.cart.form import CartForm
from services.site.cart.shown import Choice, Field, Tip, TotalRow
from services.site.cart.sums import TIP_STOPS, sum_rows
from services.site.manage.cards import figures, last_moment
from services.site.manage.changes import Row, cents, sums_compared
from services.site.manage.choosing import custom, extras, parts, rewards
from services.site.manage.form import LINKED
from services.site.manage.shown import Confirm, Edit
from services.site.manage.wanted import Change, is_posted, is_single
from services.site.public import formatting
from services.site.public.language import catalogue


def edit(change: Change) -> Edit:
    """Return the form of a change."""
    state, record, preview = change.state, change.record, change.preview
    changes = change.changes()
    linked = _linked(change)
    return Edit(
        title=record.campaign_title,
        picture=state.content.square if state else None,
        rewards=rewards(change),
        is_single=is_single(state),
        parts=parts(change),
        custom=custom(change),
        extras=extras(change),
        tip=_tip(change),
        address=_address(change),
        delivery=_delivery(change),
        totals=_totals(change),
        linked=linked,
        linked_note=_linked_note(change),
        has_changes=bool(changes),
        is_priced=preview is not None,
        hidden=_hidden(change),
        confirm=_confirm(change, changes, linked) if change.confirms else None,
    )


def _tip(change: Change) -> Tip:
    percent = change.record.tip_percent if change.form.tip is None else change.form.tip
    most = change.shop.platform.tip_percent_max
    words = formatting.percent(percent, change.language)
    amount = cents(change.preview.totals.tip_amount) if change.preview else ""
    return Tip(
        percent=percent,
        percent_max=most,
        amount=amount,
        spoken=f"{words}, {amount}" if amount else words,
        stops=tuple(
            Choice(
                value=str(stop),
                label=formatting.percent(stop, change.language),
                is_chosen=stop == percent,
            )
            for stop in TIP_STOPS
            if stop <= most
        ),
    )


def _address(change: Change) -> tuple[Field, ...]:
    """Return the fields for where it goes, where anything is posted or was."""
    if not is_posted(change):
        return ()
    contact = {name: str(text) for name, text in change.form.address.items()}
    cart = CartForm(contact=contact, is_scripted=change.form.is_scripted)
    return address_fields(cart, change.shop, (), change.language)


def _delivery(change: Change) -> tuple[Choice, ...]:
    if change.preview is None or len(change.preview.shipping_options) < 2:
        return ()
    return tuple(
        Choice(
            value=option.id,
            label=option_name(option.id, change.language),
            amount=f"+{cents(option.surcharge)}" if option.surcharge else "",
            is_chosen=option.selected,
        )
        for option in change.preview.shipping_options
    )


def _totals(change: Change) -> tuple[TotalRow, ...]:
    preview = change.preview
    if preview is None:
        return ()
    priced = msgspec.structs.replace(change.record, why=preview.why)
    rows = sum_rows(
        preview.totals,
        [priced],
        {},
        platform_name=change.shop.platform.platform_name,
        place="",
        states={},
        language=change.language,
    )
    label = catalogue(change.language).gettext("Total, if the film is funded")
    return (*rows, TotalRow(label=label, amount=cents(preview.totals.amount), is_last=True))


def _linked(change: Change) -> tuple[Row, ...]:
    linked = change.preview.linked if change.preview else ()
    return tuple(
        Row(
            label=each.campaign_title,
            before=cents(each.previous_amount),
            after=cents(each.amount),
        )
        for each in linked
    )


def _linked_note(change: Change) -> str:
    if not change.preview or not change.preview.linked:
        return ""
    return catalogue(change.language).gettext(
        "The tip is one for the whole checkout: it changes in these pledges, too."
    )


def _hidden(change: Change) -> tuple[tuple[str, str], ...]:
    form, preview = change.form, change.preview
    pairs = [
        ("t", form.token),
        ("p", form.own),
        ("revision", str(form.revision or change.record.revision)),
        ("tip-was", str(_tip(change).percent)),
        ("key", change.key),
    ]
    if preview:
        pairs.append(("expected", str(preview.totals.amount)))
        pairs += [(f"{LINKED}{each.order_id}", str(each.amount)) for each in preview.linked]
    return tuple(pairs)


def _confirm(change: Change, changes: tuple[Row, ...], linked: tuple[Row, ...]) -> Confirm | None:
    if change.preview is None or not changes:
        return None
    texts = catalogue(change.language)
    before, after = figures(change.record), change.preview.totals
    moved = after.amount - before.amount
    words = {
        "amount": cents(abs(moved)),
        "total": cents(after.amount),
        "title": change.record.campaign_title,
        "deadline": last_moment(change.record, change.shop, change.language),
    }
    moves = texts.gettext("The total stays the same.")
    if moved > 0:
        moves = texts.gettext("That is %(amount)s more than before.") % words
    elif moved < 0:
        moves = texts.gettext("That is %(amount)s less than before.") % words
    return Confirm(
        changes=changes,
        sums=sums_compared(before, after, change.language),
        linked=linked,
        moves=moves,
        promise=texts.gettext(
            "Your card is charged %(total)s if %(title)s reaches its goal, and only then."
            " You can change it again until %(deadline)s."
        )
        % words,
    )
