"""The counter for somebody's own data: to read it, to take it along, to have it erased."""

from collections.abc import Callable

import msgspec

from services.site.asking.asker import Caller
from services.site.asking.mails import Mails
from services.site.asking.pledges import Pledges
from services.site.cart.answers import Refused
from services.site.cart.shop import Shop
from services.site.manage import farewell, words
from services.site.manage.answers import Exported
from services.site.manage.form import ManageForm
from services.site.manage.page import erase_page, own_page, shell
from services.site.manage.shown import Shown, Taken
from services.site.public.language import Language

DEEDS = ("data", "download", "erase", "forget")
GONE = 404


class PrivacyDesk:
    """Serves one form at a time. Everything is of the person, not of one pledge."""

    def __init__(self, pledges: Pledges, mails: Mails, shop: Callable[[], Shop]) -> None:
        self._pledges = pledges
        self._mails = mails
        self._shop = shop

    async def serve(self, form: ManageForm, language: Language, caller: Caller) -> Shown | Taken:
        """Do what the form's button says and return what is to be seen, or taken along, then."""
        if form.deed == "forget":
            return await self._forget(form, language, caller)
        found = await self._pledges.export(form.token, caller)
        if isinstance(found, Refused):
            return _closed(found, language)
        if form.deed == "erase":
            return Shown(page=erase_page(form, found.told, language))
        if form.deed == "download":
            return await self._download(form, found, language, caller)
        told = await self._mails.sent(form.token, caller)
        mails = None if isinstance(told, Refused) else told[0]
        return Shown(page=own_page(form, found.told, mails, self._shop(), language))

    async def _download(
        self, form: ManageForm, found: Exported, language: Language, caller: Caller
    ) -> Shown | Taken:
        """Return all of it as one file, or nothing: half of it would look like all."""
        told = await self._mails.sent(form.token, caller)
        if isinstance(told, Refused):
            trouble = farewell.not_gathered(language)
            page = own_page(form, found.told, None, self._shop(), language, trouble=trouble)
            return Shown(page=page, status=503)
        return Taken(body=_joined(found.raw, told[1]))

    async def _forget(self, form: ManageForm, language: Language, caller: Caller) -> Shown:
        """Erase the person. A second press finds nobody, and is told what the first was."""
        no = await self._pledges.erase(form.token, caller)
        if no is None or no.status == GONE:
            return Shown(page=farewell.erased_page(language))
        found = await self._pledges.export(form.token, caller)
        if isinstance(found, Refused):
            return _closed(found, language)
        trouble = farewell.refused(no, language)
        return Shown(page=erase_page(form, found.told, language, trouble=trouble), status=no.status)


def _closed(no: Refused, language: Language) -> Shown:
    trouble = words.link_trouble(no, language)
    return Shown(page=shell(language, trouble=trouble), status=no.status)


def _joined(export: bytes, mails: bytes) -> bytes:
    """Return what two services said as one document, each value as it was told."""
    parts = msgspec.json.decode(export, type=dict[str, msgspec.Raw])
    parts |= msgspec.json.decode(mails, type=dict[str, msgspec.Raw])
    return msgspec.json.format(msgspec.json.encode(parts), indent=2)
