"""The manage page's form: which link, which pledge, what shall become of it. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from contracts.api.pledges import LinkedRecord
from contracts.magic_link import TOKEN_LENGTH_MAX
from contracts.refusals import InputRefused
from services.site.cart.form import OPTIONS, PLACE, Pair
from services.site.public.add_ons import ADD_ON, VARIANT_MARK, add_on_id
from services.site.public.language import Language

TIER, ITEM, EXTRA, ANSWER, LINKED = "tier.", "item.", "extra.", "answer.", "linked."
DEEDS = (
    *("show", "edit", "look", "confirm", "save", "cancel", "receipt", "card", "links"),
    *("data", "download", "erase", "forget"),
)
ADDRESS = ("name", *PLACE)
TEXT_LENGTH_MAX = 500
QUANTITY_MAX = 1_000


class ManageForm(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent. Quantities and amounts are as typed; nothing is priced by them.

    `token` opened the page, `own` is the link of the pledge that is acted on.
    """

    token: str = ""
    own: str = ""
    deed: str = "show"
    revision: int | None = None
    tiers: Mapping[str, str] = {}
    # Where only one reward may be had: which.
    one_tier: str = ""
    items: Mapping[str, str] = {}
    custom: str = ""
    extras: Mapping[str, str] = {}
    answers: Mapping[str, Mapping[str, str]] = {}
    tip: int | None = None
    option: str = ""
    address: Mapping[str, str] = {}
    expected_cents: int | None = None
    expected_linked: Mapping[str, int] = {}
    key: str = ""
    email: str = ""
    step: Pair = ("", "")
    is_scripted: bool = False

    @property
    def link(self) -> str:
        """Return the link that is used for what is to be done."""
        return self.own or self.token


def read_form(pairs: Sequence[Pair]) -> ManageForm:
    """Return what a form says. What it does not know is left out."""
    _require_clean(pairs)
    fields = dict(pairs)
    step = next(((name, fields[name]) for name in ("less", "more") if name in fields), ("", ""))
    form = ManageForm(
        token=fields.get("t", ""),
        own=fields.get("p", ""),
        deed=fields["do"] if fields.get("do") in DEEDS else "show",
        revision=whole(fields.get("revision", "")),
        tiers=_named(pairs, TIER),
        one_tier=fields.get("one-tier", ""),
        items=_named(pairs, ITEM),
        custom=fields.get("custom", "").strip(),
        extras=_named(pairs, EXTRA),
        answers=_answers(pairs),
        tip=_tip(fields),
        option=fields["option"] if fields.get("option") in OPTIONS else "",
        address={name: fields[name].strip() for name in ADDRESS if name in fields},
        expected_cents=whole(fields.get("expected", "")),
        expected_linked={
            name: cents
            for name, text in _named(pairs, LINKED).items()
            if (cents := whole(text)) is not None
        },
        key=fields.get("key", "")[:100],
        email=fields.get("email", "").strip(),
        step=step,
        is_scripted="script" in fields,
    )
    return _stepped(form) if step[0] else form


def form_of(record: LinkedRecord, form: ManageForm) -> ManageForm:
    """Return the form that says a pledge as it is, opened by the link of another form."""
    tiers: dict[str, int] = {}
    extras: dict[str, int] = {}
    for line in record.lines:
        if line.kind == "tier":
            tiers[line.item_id] = tiers.get(line.item_id, 0) + line.quantity
        elif line.kind == "add_on":
            name = add_on_id(line.item_id, line.variant_id or "")
            extras[name] = extras.get(name, 0) + line.quantity
    money = {
        line.item_id: dollars(line.amount) for line in record.lines if line.kind == "support_item"
    }
    custom = sum(line.amount for line in record.lines if line.kind == "custom_amount")
    place = record.shipping_address
    return ManageForm(
        token=form.token,
        own=form.own,
        deed="edit",
        revision=record.revision,
        tiers={name: str(count) for name, count in tiers.items()},
        one_tier=next(iter(tiers), ""),
        items=money,
        custom=dollars(custom),
        extras={name: str(count) for name, count in extras.items()},
        answers={line.item_id: line.answers for line in record.lines if line.answers},
        tip=record.tip_percent,
        option=record.shipping_option,
        address=msgspec.to_builtins(place) if place else {},
        is_scripted=form.is_scripted,
    )


def body_of(
    form: ManageForm, record: LinkedRecord, *, single_tier: bool, language: Language, saves: bool
) -> dict[str, Any]:
    """Return the request that asks the ledger for this change. An unreadable number is refused."""
    tiers = dict(form.tiers)
    if single_tier:
        tiers = {form.one_tier: tiers.get(form.one_tier) or "1"} if form.one_tier else {}
    body: dict[str, Any] = {
        "token": form.link,
        "addTiers": [
            {"id": name, "qty": count, **_answered(form, record, name)}
            for name, typed in tiers.items()
            if (count := _count(typed))
        ],
        "supportItems": [
            {"id": name, "amount": _dollars(typed, f"{ITEM}{name}")}
            for name, typed in form.items.items()
        ],
        "customAmount": _dollars(form.custom, "custom"),
        "bundleAddOns": [
            {**_product(name), "quantity": count}
            for name, typed in form.extras.items()
            if (count := _count(typed))
        ],
        "tipPercent": record.tip_percent if form.tip is None else form.tip,
        "revision": form.revision or record.revision,
        "preferredLang": language,
    }
    if form.option:
        body["shippingOption"] = form.option
    if _is_new_place(form, record):
        body["shippingAddress"] = dict(form.address)
    if saves:
        body["expectedAmount"] = form.expected_cents
        body["expectedLinked"] = dict(form.expected_linked)
    return {name: value for name, value in body.items() if value is not None}


def dollars(cents: int) -> str:
    """Return cents as they are typed: “20” or “20.25”, nothing for nothing."""
    if not cents:
        return ""
    return f"{cents // 100}.{cents % 100:02d}" if cents % 100 else str(cents // 100)


def whole(text: str) -> int | None:
    """Return a whole number of at most nine digits, None for anything else."""
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= 9 else None


def cents_of(typed: str) -> int | None:
    """Return typed dollars as cents, None for what is no amount."""
    clean = typed.strip().removeprefix("$").replace(",", "")
    if not clean:
        return 0
    try:
        cents = Decimal(clean) * 100
    except InvalidOperation:
        return None
    is_amount = clean.isascii() and cents.is_finite() and cents == cents.to_integral_value()
    return int(cents) if is_amount and 0 <= cents <= 100_000_000 else None


def _stepped(form: ManageForm) -> ManageForm:
    """Return the form after a press of “one more” or “one less”."""
    button, name = form.step
    kind, key = (TIER, "tiers") if name.startswith(TIER) else (EXTRA, "extras")
    inner = name.removeprefix(kind)
    counts = dict(getattr(form, key))
    now = whole(counts.get(inner, "")) or 0
    counts[inner] = str(min(QUANTITY_MAX, max(0, now + (1 if button == "more" else -1))))
    return msgspec.structs.replace(form, **{key: counts}, deed="look")


def _answered(form: ManageForm, record: LinkedRecord, tier_id: str) -> dict[str, Any]:
    """Return the answers of a reward, unless they are what the pledge says already."""
    given = {name: text.strip() for name, text in form.answers.get(tier_id, {}).items()}
    held = next((each.answers for each in record.lines if each.item_id == tier_id), {})
    wanted = {name: text for name, text in given.items() if text}
    return {"fields": wanted} if wanted and wanted != held else {}


def _product(name: str) -> dict[str, str]:
    product_id, _, variant_id = name.removeprefix(ADD_ON).partition(VARIANT_MARK)
    return {"productId": product_id, **({"variantId": variant_id} if variant_id else {})}


def _is_new_place(form: ManageForm, record: LinkedRecord) -> bool:
    before = msgspec.to_builtins(record.shipping_address) if record.shipping_address else {}
    return bool(form.address.get("address1")) and any(
        text != before.get(name, "") for name, text in form.address.items()
    )


def _count(typed: str) -> int:
    """Return a typed number, 0 for an empty field."""
    if not typed.strip():
        return 0
    number = whole(typed)
    if number is None or number > QUANTITY_MAX:
        raise InputRefused(
            "invalid_quantity",
            "A quantity is a whole number.",
            fields={"quantity": "a whole number"},
        )
    return number


def _dollars(typed: str, field: str) -> str:
    cents = cents_of(typed)
    if cents is None:
        raise InputRefused(
            "invalid_amount", "An amount is in dollars.", fields={field: "dollars and cents"}
        )
    return dollars(cents) or "0"


def _tip(fields: Mapping[str, str]) -> int | None:
    """Return the tip that was chosen: the stop or the slider, whichever was moved."""
    before = fields.get("tip-was", "")
    for name in ("tip-stop", "tip"):
        if fields.get(name, before) != before:
            return whole(fields[name])
    return whole(before or fields.get("tip", ""))


def _answers(pairs: Sequence[Pair]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, text in _named(pairs, ANSWER).items():
        tier_id, _, question = name.partition(".")
        found.setdefault(tier_id, {})[question] = text
    return found


def _named(pairs: Sequence[Pair], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): text
        for name, text in pairs
        if name.startswith(prefix) and len(name) > len(prefix)
    }


def _require_clean(pairs: Sequence[Pair]) -> None:
    """Refuse what no field of ours can hold."""
    for name, text in pairs:
        longest = TOKEN_LENGTH_MAX if name in ("t", "p") else TEXT_LENGTH_MAX
        is_readable = all(unicodedata.category(sign) not in ("Cc", "Cs") for sign in name + text)
        if len(name) > TEXT_LENGTH_MAX or len(text) > longest or not is_readable:
            problem = "too long, or not readable"
            raise InputRefused(
                "invalid_input", "That text cannot be taken.", fields={name[:80]: problem}
            )
