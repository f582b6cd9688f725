"""Everything that is kept about somebody, in plain words of their language. Pure."""

import msgspec

from contracts.api.notify import OwnMail, OwnMails
from contracts.api.pledges import Export, ExportedPledge, Movement
from services.site.cart.details import option_name
from services.site.cart.shop import Shop
from services.site.cart.shown import TotalRow
from services.site.manage.cards import card_words, line_words, reference, tag, totals
from services.site.manage.changes import cents
from services.site.manage.history import history
from services.site.manage.shown import Own, OwnPledge, Told
from services.site.manage.standing import standing_of
from services.site.public import formatting
from services.site.public.language import NAMES, Language, catalogue

Row = tuple[str, str]


def own(export: Export, mails: OwnMails | None, shop: Shop, language: Language) -> Own:
    """Return an export to be read. Without `mails` it says that they could not be asked for."""
    texts = catalogue(language)
    zone = shop.platform.timezone
    newest = sorted(export.pledges, key=lambda each: each.pledge.created_at, reverse=True)
    note = ""
    if mails is None:
        note = texts.gettext("Our mails can't be listed right now. Look again in a few minutes.")
    elif not mails.mails:
        note = texts.gettext("None was written yet.")
    return Own(
        facts=(
            (texts.gettext("Email"), export.email),
            (texts.gettext("Language of our emails"), _language(export)),
            (texts.gettext("Gathered on"), formatting.date(export.exported_at, zone, language)),
        ),
        pledges=tuple(_pledge(each, shop, language) for each in newest),
        mails=tuple(_mail(each, shop, language) for each in (mails.mails if mails else ())),
        mails_note=note,
    )


def _language(export: Export) -> str:
    wanted = export.pledges[0].pledge.preferred_lang
    return next((name for code, name in NAMES.items() if code == wanted), wanted)


def _pledge(held: ExportedPledge, shop: Shop, language: Language) -> OwnPledge:
    record = held.pledge
    return OwnPledge(
        key=f"own-{record.campaign_slug}",
        title=record.campaign_title or record.campaign_slug,
        facts=(*_facts(held, shop, language), *_said(held, shop, language)),
        lines=tuple(
            TotalRow(label=line_words(line, language), amount=cents(line.amount))
            for line in record.lines
        ),
        totals=totals(record, shop, language),
        moved=tuple(_moved(each, language) for each in held.money),
        history=history(record, shop, language),
    )


def _facts(held: ExportedPledge, shop: Shop, language: Language) -> tuple[Row, ...]:
    """Return what a pledge is: its dates, its card, where it goes."""
    texts = catalogue(language)
    record, zone = held.pledge, shop.platform.timezone
    dates = (
        (texts.gettext("Pledged"), record.created_at),
        (texts.gettext("Last changed"), record.updated_at),
        (texts.gettext("Charged"), record.charged_at),
        (texts.gettext("Cancelled"), record.cancelled_at),
    )
    rows = [
        (texts.gettext("Reference"), reference(record)),
        (texts.gettext("State"), tag(standing_of(record), language).text),
        *((label, formatting.date(at, zone, language)) for label, at in dates if at),
        (texts.gettext("Card"), card_words(record, language)),
    ]
    if record.shipping_address and record.shipping_address.address1:
        place = record.shipping_address
        parts = (place.name, place.address1, place.address2, place.city)
        tail = (place.province, place.postal_code, place.country)
        told = ", ".join(part for part in (*parts, *tail) if part)
        rows.append((texts.gettext("Sent to"), told))
        rows.append((texts.gettext("Delivery"), option_name(record.shipping_option, language)))
    return tuple(rows)


def _said(held: ExportedPledge, shop: Shop, language: Language) -> tuple[Row, ...]:
    """Return what somebody told us: answers, votes, how to name them, what they agreed to."""
    texts = catalogue(language)
    state = shop.campaign(held.pledge.campaign_slug)
    titles = {
        each.decision_id: each.title for each in (state.definition.decisions if state else ())
    }
    rows = [
        (question, answer)
        for line in held.pledge.lines
        for question, answer in line.answers.items()
    ]
    rows += [
        (texts.gettext("Your vote: %(title)s") % {"title": titles.get(name, name)}, option)
        for name, option in held.votes.items()
    ]
    if held.credit.credited_as:
        shown = texts.gettext("%(name)s, shown to other supporters")
        kept = texts.gettext("%(name)s, not shown to other supporters")
        words = shown if held.credit.on_wall else kept
        rows.append((texts.gettext("In the credits"), words % {"name": held.credit.credited_as}))
    if held.consent is not None:
        day = formatting.date(held.consent.given_at, shop.platform.timezone, language)
        words = texts.gettext("The sentence about the card, as of %(version)s, on %(date)s")
        told = words % {"version": held.consent.version, "date": day}
        rows.append((texts.gettext("You agreed to"), told))
    words_of_link = msgspec.structs.astuple(held.came_by) if held.came_by else ()
    if came := [word for word in words_of_link if word]:
        rows.append((texts.gettext("The link you came by said"), ", ".join(came)))
    return tuple(rows)


def _moved(movement: Movement, language: Language) -> Row:
    _ = catalogue(language).gettext
    names = {
        "gross": _("Charged to your card"),
        "fee": _("Of it, kept by Stripe as its fee"),
        "refund": _("Given back to your card"),
        "refund_failed": _("Given back, but it did not arrive"),
        "dispute": _("Returned by your bank")
        if movement.cents > 0
        else _("Taken back by your bank"),
        "dispute_fee": _("What your bank's claim cost the film"),
    }
    return names.get(movement.kind, movement.kind), cents(abs(movement.cents))


def _mail(mail: OwnMail, shop: Shop, language: Language) -> Told:
    _ = catalogue(language).gettext
    when = formatting.date(mail.written_at, shop.platform.timezone, language)
    words = {
        "sent": _("%(subject)s (sent)"),
        "queued": _("%(subject)s (on its way)"),
        "sending": _("%(subject)s (on its way)"),
    }
    text = words.get(mail.status, _("%(subject)s (could not be delivered)"))
    return Told(when=when, text=text % {"subject": mail.subject})
