"""The manage page's counter: a form comes in with its link, a page goes out."""

import secrets
from collections.abc import Callable

import msgspec

from contracts.api.pledges import ChangePreview, LinkedRecord
from contracts.refusals import InputRefused
from services.site.asking.asker import Caller
from services.site.asking.checkout import Checkout
from services.site.asking.mails import Mails
from services.site.asking.pledges import Pledges
from services.site.cart.answers import Refused
from services.site.cart.shop import Shop
from services.site.cart.troubles import Trouble
from services.site.desks.privacy import DEEDS as PRIVACY
from services.site.desks.privacy import PrivacyDesk
from services.site.manage import words
from services.site.manage.changes import cents
from services.site.manage.form import ManageForm, body_of, form_of
from services.site.manage.history import history
from services.site.manage.page import (
    edit_page,
    find_own,
    links_page,
    list_page,
    receipt_page,
    shell,
)
from services.site.manage.shown import Away, Shown, Taken, Told
from services.site.manage.wanted import Change, is_single
from services.site.public.language import Language

DONE_ALREADY = "pledge_cancelled"
TOO_LATE = ("deadline_passed", "not_live", "pledge_cancelled", "pledge_charged")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of somebody whose link opened: the form, all pledges, and the one it is about."""

    form: ManageForm
    records: tuple[LinkedRecord, ...]
    own: LinkedRecord
    shop: Shop
    language: Language
    caller: Caller


class ManageDesk:
    """Serves one form at a time; nothing is remembered in between."""

    def __init__(
        self, pledges: Pledges, checkout: Checkout, mails: Mails, shop: Callable[[], Shop]
    ) -> None:
        self._privacy = PrivacyDesk(pledges, mails, shop)
        self._pledges = pledges
        self._checkout = checkout
        self._shop = shop

    async def serve(
        self, form: ManageForm, language: Language, caller: Caller
    ) -> Shown | Away | Taken:
        """Do what the form's button says and return what is to be seen then."""
        if form.deed == "links":
            return await self._links(form, language, caller)
        if not form.token:
            return Shown(page=shell(language))
        if form.deed in PRIVACY:
            return await self._privacy.serve(form, language, caller)
        found = await self._pledges.pledges(form.token, caller)
        if isinstance(found, Refused) or not found:
            refused = found if isinstance(found, Refused) else Refused(status=404, error="")
            return Shown(
                page=shell(language, trouble=words.link_trouble(refused, language)),
                status=refused.status,
            )
        visit = Visit(
            form=form,
            records=found,
            own=find_own(found, form),
            shop=self._shop(),
            language=language,
            caller=caller,
        )
        return await self._served(visit)

    async def _served(self, visit: Visit) -> Shown | Away:
        deed = visit.form.deed
        if deed == "receipt":
            page = receipt_page(visit.form, visit.own, visit.records, visit.shop, visit.language)
            return Shown(page=page)
        if deed == "cancel":
            return await self._cancel(visit)
        if deed == "card":
            return await self._card(visit)
        if deed in ("edit", "look", "confirm", "save"):
            return await self._change(visit)
        return Shown(page=list_page(visit.form, visit.records, visit.shop, visit.language))

    async def _links(self, form: ManageForm, language: Language, caller: Caller) -> Shown:
        """Answer everybody alike, but when nothing could be taken down."""
        if await self._pledges.send_links(form.email, caller):
            return Shown(page=links_page(language))
        trouble = words.link_trouble(Refused(status=503, error=""), language)
        return Shown(page=shell(language, trouble=trouble), status=503)

    async def _cancel(self, visit: Visit) -> Shown:
        done = await self._pledges.cancel(visit.form.link, visit.caller)
        if isinstance(done, Refused) and done.error != DONE_ALREADY:
            trouble = words.change_trouble(
                done, visit.shop, visit.own.campaign_slug, visit.language
            )
            return await self._listed(visit, trouble=trouble, status=done.status)
        return await self._listed(visit)

    async def _card(self, visit: Visit) -> Shown | Away:
        """Without scripts another card is entered on Stripe's own page."""
        found = await self._checkout.card_page(visit.form.link, visit.caller)
        if isinstance(found, str) and found:
            return Away(url=found)
        no = found if isinstance(found, Refused) else Refused(status=503, error="")
        trouble = words.card_trouble(no, visit.language)
        return await self._listed(visit, trouble=trouble, status=no.status)

    async def _listed(
        self,
        visit: Visit,
        *,
        trouble: Trouble | None = None,
        status: int = 200,
        changed: LinkedRecord | None = None,
    ) -> Shown:
        """Return all pledges as they are after what was done."""
        records = await self._pledges.pledges(visit.form.token, visit.caller)
        if isinstance(records, Refused):
            trouble = words.link_trouble(records, visit.language)
            return Shown(page=shell(visit.language, trouble=trouble), status=records.status)
        notice = None
        if trouble is None:
            notice = words.cancelled(visit.language)
        if changed is not None:
            notice = words.changed(cents(changed.amount), visit.language)
        page = list_page(
            visit.form, records, visit.shop, visit.language, notice=notice, trouble=trouble
        )
        return Shown(page=page, status=status)

    async def _change(self, visit: Visit) -> Shown:
        if visit.form.deed == "edit" or visit.form.revision is None:
            visit = _as_it_is(visit)
        if visit.form.deed == "save":
            return await self._save(visit)
        preview = await self._preview(visit)
        if isinstance(preview, Refused):
            return await self._refused(visit, preview)
        change = _change_of(visit, preview)
        is_asked = visit.form.deed == "confirm"
        if is_asked and not change.changes():
            page = edit_page(change, visit.records, trouble=words.nothing_new(visit.language))
            return Shown(page=page)
        change = msgspec.structs.replace(change, confirms=is_asked)
        return Shown(page=edit_page(change, visit.records))

    async def _save(self, visit: Visit) -> Shown:
        try:
            body = _body(visit, saves=True)
        except InputRefused as no:
            return await self._refused(visit, _as_refused(no))
        done = await self._pledges.modify(body, visit.caller, key=visit.form.key)
        if isinstance(done, Refused):
            return await self._refused(visit, done)
        return await self._listed(visit, changed=done)

    async def _preview(self, visit: Visit) -> ChangePreview | Refused:
        try:
            body = _body(visit, saves=False)
        except InputRefused as no:
            return _as_refused(no)
        return await self._pledges.preview(body, visit.caller)

    async def _refused(self, visit: Visit, no: Refused) -> Shown:
        """Return the form with what is in the way; when it is too late, all pledges as they are."""
        language, slug = visit.language, visit.own.campaign_slug
        trouble = words.change_trouble(no, visit.shop, slug, language)
        if no.error in TOO_LATE or (visit.form.deed == "edit" and no.status >= 500):
            return await self._listed(visit, trouble=trouble, status=no.status)
        meanwhile: tuple[Told, ...] = ()
        if no.error == "conflict":
            since = visit.form.revision or 1
            visit = _as_it_is(visit)
            meanwhile = history(visit.own, visit.shop, language, since=since)
        preview: ChangePreview | Refused = no
        if no.error in ("conflict", "price_changed"):
            preview = await self._preview(visit)
        known = preview if isinstance(preview, ChangePreview) else None
        page = edit_page(
            _change_of(visit, known), visit.records, trouble=trouble, meanwhile=meanwhile
        )
        return Shown(page=page, status=no.status)


def _as_it_is(visit: Visit) -> Visit:
    """Return the visit with the form that says the pledge as it stands."""
    return msgspec.structs.replace(visit, form=form_of(visit.own, visit.form))


def _change_of(visit: Visit, preview: ChangePreview | None) -> Change:
    return Change(
        record=visit.own,
        form=visit.form,
        preview=preview,
        shop=visit.shop,
        language=visit.language,
        key=secrets.token_hex(16),
    )


def _body(visit: Visit, *, saves: bool) -> dict[str, object]:
    state = visit.shop.campaign(visit.own.campaign_slug)
    return body_of(
        visit.form,
        visit.own,
        single_tier=is_single(state),
        language=visit.language,
        saves=saves,
    )


def _as_refused(no: InputRefused) -> Refused:
    return Refused(status=no.status, error=no.reason, message=no.message, fields=no.fields)
