"""The manage page's counter: what each button does, and what is said when it cannot be done."""

from typing import Any, cast

import msgspec

from contracts.api.pledges import ChangePreview, LinkedRecord
from services.site.asking.asker import Caller
from services.site.asking.checkout import Checkout
from services.site.asking.mails import Mails
from services.site.asking.pledges import Pledges
from services.site.cart.answers import Refused
from services.site.desks.manage import ManageDesk
from services.site.manage.form import ManageForm, read_form
from services.site.manage.shown import Away, Shown, Taken
from tests.site import carts, manage_pages
from tests.site.manage_pages import a_preview, a_record

CALLER = Caller(address="198.51.100.7", headers={})
AWAY = Refused(status=503, error="changes_away")


class Behind:
    """The ledger and checkout, answering as told; what they were asked is kept."""

    def __init__(self, **answers: Any) -> None:
        self.record = a_record()
        self.answers: dict[str, Any] = {
            "pledges": (self.record,),
            "preview": a_preview(self.record),
            "modify": self.record,
            "cancel": self.record,
            "send_links": True,
            "export": manage_pages.an_export(self.record),
            "erase": None,
            "sent": manage_pages.sent_mails(),
            "card_page": "https://checkout.stripe.com/c/pay/cs_x",
            **answers,
        }
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    async def pledges(self, token: str, caller: Caller) -> Any:
        assert caller == CALLER
        return self._answer("pledges")

    async def preview(self, body: dict[str, Any], caller: Caller) -> Any:
        return self._answer("preview", body)

    async def modify(self, body: dict[str, Any], caller: Caller, *, key: str) -> Any:
        assert key
        return self._answer("modify", body)

    async def cancel(self, token: str, caller: Caller) -> Any:
        return self._answer("cancel", {"token": token})

    async def export(self, token: str, caller: Caller) -> Any:
        return self._answer("export")

    async def erase(self, token: str, caller: Caller) -> Any:
        return self._answer("erase", {"token": token})

    async def sent(self, token: str, caller: Caller) -> Any:
        return self._answer("sent")

    async def send_links(self, email: str, caller: Caller) -> Any:
        return self._answer("send_links", {"email": email})

    async def card_page(self, token: str, caller: Caller) -> Any:
        return self._answer("card_page", {"token": token})

    def _answer(self, name: str, body: dict[str, Any] | None = None) -> Any:
        self.asked.append(name)
        self.bodies += [body] if body else []
        return self.answers[name]


async def serve(behind: Behind, **fields: str) -> Shown:
    """Send a form and return what is shown."""
    shown = await outcome(behind, **fields)
    assert isinstance(shown, Shown)
    return shown


async def outcome(behind: Behind, **fields: str) -> Shown | Away | Taken:
    """Send a form and return what comes of it."""
    desk = ManageDesk(
        cast("Pledges", behind), cast("Checkout", behind), cast("Mails", behind), carts.shop
    )
    form = read_form(tuple(fields.items())) if fields else ManageForm()
    return await desk.serve(form, "en", CALLER)


def changed(**more: str) -> dict[str, str]:
    """Return the pairs of a form with a third credit in it."""
    pairs = {"t": "root", "revision": "2", "tier.print": "1", "tier.credit": "3", "key": "k"}
    return {**pairs, **more}


async def test_without_a_link_nobody_is_asked_and_a_new_one_can_be_sent() -> None:
    behind = Behind()

    shown = await serve(behind)

    assert (shown.page.mode, shown.page.asks_email, behind.asked) == ("shell", True, [])


async def test_a_link_that_opens_nothing_says_so_and_offers_a_new_one() -> None:
    for status, asks in ((401, True), (404, True), (503, False)):
        behind = Behind(pledges=Refused(status=status, error="x"))
        shown = await serve(behind, t="root")
        assert (shown.status, shown.page.asks_email) == (status, asks)
        assert shown.page.trouble is not None


async def test_looking_changes_nothing() -> None:
    behind = Behind()

    for deed in ("show", "receipt", "edit"):
        await serve(behind, t="root", do=deed)
    await serve(behind, **changed(do="look"))
    await serve(behind, **changed(do="confirm"))

    assert set(behind.asked) == {"pledges", "preview"}


async def test_a_change_is_shown_before_it_is_saved_and_saved_at_the_price_shown() -> None:
    behind = Behind()

    asked = await serve(behind, **changed(do="confirm"))
    saved = await serve(behind, **changed(do="save", expected="9141"))

    assert asked.page.edit is not None
    assert asked.page.edit.confirm is not None
    assert [row.label for row in asked.page.edit.confirm.changes] == ["A credit", "Tip"]
    assert behind.bodies[-1]["expectedAmount"] == 9_141
    assert saved.page.mode == "list"
    assert saved.page.notice is not None


async def test_when_nothing_is_another_there_is_nothing_to_confirm() -> None:
    record = a_record()
    same = a_preview(record, lines=record.lines)
    same = msgspec.structs.replace(
        same, totals=msgspec.structs.replace(same.totals, tip_percent=record.tip_percent)
    )
    behind = Behind(preview=same)

    shown = await serve(behind, **changed(do="confirm"))

    assert shown.page.edit is not None
    assert shown.page.edit.confirm is None
    assert shown.page.trouble is not None


async def test_the_second_tab_sees_what_was_changed_and_how_it_stands_now() -> None:
    behind = Behind(modify=Refused(status=409, error="conflict"))

    shown = await serve(behind, **changed(do="save", revision="1"))

    assert shown.status == 409
    assert shown.page.meanwhile
    assert shown.page.edit is not None
    assert ("revision", "2") in shown.page.edit.hidden
    credit = next(row for row in shown.page.edit.rewards if row.key == "tier.credit")
    assert credit.value == "2"


async def test_with_nobody_to_ask_editing_says_so_and_cancelling_works() -> None:
    behind = Behind(preview=AWAY, modify=AWAY)

    edit = await serve(behind, t="root", do="edit")
    save = await serve(behind, **changed(do="save", expected="9141"))
    cancel = await serve(behind, t="root", do="cancel")

    assert (edit.status, edit.page.mode, save.status, save.page.mode) == (503, "list", 503, "edit")
    assert edit.page.trouble is not None
    assert "Cancelling a pledge works" in edit.page.trouble.text
    assert (cancel.status, cancel.page.trouble) == (200, None)


async def test_another_price_is_shown_before_it_is_asked_for_again() -> None:
    behind = Behind(modify=Refused(status=409, error="price_changed", extra={"amount": 9_141}))

    shown = await serve(behind, **changed(do="save", expected="1"))

    assert behind.asked[-1] == "preview"
    assert shown.page.edit is not None
    assert ("expected", "9141") in shown.page.edit.hidden


async def test_too_late_shows_the_pledges_as_they_are() -> None:
    for error in ("deadline_passed", "pledge_cancelled", "pledge_charged"):
        behind = Behind(modify=Refused(status=409, error=error))
        shown = await serve(behind, **changed(do="save", expected="1"))
        assert (shown.page.mode, shown.status) == ("list", 409)
        assert shown.page.trouble is not None


async def test_cancelling_twice_is_done_once_and_said_alike() -> None:
    behind = Behind(cancel=Refused(status=409, error="pledge_cancelled"))

    shown = await serve(behind, t="root", do="cancel")

    assert (shown.status, shown.page.trouble) == (200, None)


async def test_what_cannot_be_read_is_said_beside_what_was_typed() -> None:
    behind = Behind()

    shown = await serve(behind, **changed(do="save", custom="a lot"))

    assert (shown.status, behind.asked) == (400, ["pledges"])
    assert shown.page.edit is not None
    assert shown.page.edit.custom.value == "a lot"


async def test_a_button_acts_on_the_pledge_it_stands_at() -> None:
    own = a_record()
    other = msgspec.structs.replace(own, campaign_slug=carts.HALL, token="theirs")
    behind = Behind(pledges=(own, other))

    await serve(behind, t="root", p="theirs", do="cancel")
    edit = await serve(behind, t="root", p="theirs", do="edit")

    assert behind.bodies[0] == {"token": "theirs"}
    assert edit.page.edit is not None
    assert edit.page.edit.is_single


async def test_without_scripts_a_card_is_entered_on_stripes_page() -> None:
    gone = await outcome(Behind(), t="root", do="card")
    closed = Behind(card_page=Refused(status=409, error="recovery_closed"))
    shown = await serve(closed, t="root", do="card")

    assert isinstance(gone, Away)
    assert gone.url.startswith("https://checkout.stripe.com/")
    assert shown.status == 409


async def test_everybody_who_asks_for_links_sees_the_same_page() -> None:
    known, unknown = Behind(), Behind()

    first = await serve(known, do="links", email="noor@halfmoon.example")
    second = await serve(unknown, do="links", email="nobody@halfmoon.example")

    assert first == second
    assert known.bodies == [{"email": "noor@halfmoon.example"}]


async def test_groups_are_what_is_open_and_what_is_over_with_the_urgent_first() -> None:
    record = a_record()

    def one(status: str, **facts: Any) -> LinkedRecord:
        return msgspec.structs.replace(record, pledge_status=status, **facts)

    behind = Behind(
        pledges=(one("active"), one("charged"), one("payment_failed"), one("cancelled"))
    )

    shown = await serve(behind, t="root")

    assert [each.tag.text for each in shown.page.active] == [
        "Card declined",
        "Card saved, not charged",
    ]
    assert [each.tag.text for each in shown.page.closed] == ["Paid", "Cancelled"]
    assert isinstance(behind.answers["preview"], ChangePreview)
