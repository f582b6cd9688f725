"""What a supporter agrees to when a card is saved: the sentences, once, with their version.

Pages show these sentences and checkout records which were shown. Source: peers 5.1 (that we
start the payment, when and how often, how the amount is found, how to cancel).

`{…}` marks what a page fills in from the very order the consent is kept with: amount, title
and day are recorded there, so the hash is of the sentences and not of one supporter's copy.
A changed sentence is a new version; the old one stays, or yesterday's consents could not be
proved and yesterday's open pages would be refused.
"""

import hashlib

import msgspec

CONSENT_VERSION = "2026-12"
"""The version that pages show today."""

LATE_CONSENT_VERSION = "2026-12-late"
"""The version for support after a funded end: the card is charged at once."""


class ConsentText(msgspec.Struct, frozen=True, kw_only=True):
    """One version in one language.

    `one` is for a cart with one film; `many` and a `part` per film for a bundle; `terms`
    follows either.
    """

    one: str
    many: str
    part: str
    terms: str = ""

    @property
    def sha256(self) -> str:
        """Return the hash that names exactly these sentences, as hexadecimal digits."""
        sentences = "\n".join((self.one, self.many, self.part, self.terms))
        return hashlib.sha256(sentences.encode()).hexdigest()


TEXTS: dict[tuple[str, str], ConsentText] = {
    ("2026-11", "en"): ConsentText(
        one="Charge this card {amount} after {day} if {title} reaches its goal, and only then.",
        many="For each film that reaches its goal, and only then, charge this card:",
        part="{amount} for {title} after {day}",
    ),
    ("2026-11", "es"): ConsentText(
        one="Cobrar {amount} a esta tarjeta después del {day} si {title} alcanza su meta, y solo"
        " entonces.",
        many="Por cada película que alcance su meta, y solo entonces, cobrar a esta tarjeta:",
        part="{amount} por {title} después del {day}",
    ),
    ("2026-12", "en"): ConsentText(
        one="Charge this card {amount} after {day} if {title} reaches its goal, and only then.",
        many="For each film that reaches its goal, and only then, charge this card:",
        part="{amount} for {title} after {day}",
        terms="Stripe keeps the card for us, and we charge it once per film. Your pledges to one"
        " film are charged together. If your bank says no, we may try again for {days} days. You"
        " can change or cancel until the deadline with the link we email you; the amount changes"
        " only if you change your pledge.",
    ),
    ("2026-12", "es"): ConsentText(
        one="Cobrar {amount} a esta tarjeta después del {day} si {title} alcanza su meta, y solo"
        " entonces.",
        many="Por cada película que alcance su meta, y solo entonces, cobrar a esta tarjeta:",
        part="{amount} por {title} después del {day}",
        terms="Stripe guarda la tarjeta por nosotros y le cobramos una vez por película. Tus"
        " aportes a una misma película se cobran juntos. Si tu banco lo rechaza, podemos volver a"
        " intentarlo durante {days} días. Puedes cambiarlo o cancelarlo hasta la fecha límite con"
        " el enlace que te enviamos por correo; el importe solo cambia si tú cambias tu aporte.",
    ),
    (LATE_CONSENT_VERSION, "en"): ConsentText(
        one="Charge this card {amount} now. {title} has reached its goal.",
        many="These films have reached their goals. Charge this card now:",
        part="{amount} for {title}",
        terms="Stripe keeps the card for us, and we charge it once per film. If your bank says no,"
        " we may try again for {days} days. The link we email you shows your pledge.",
    ),
    (LATE_CONSENT_VERSION, "es"): ConsentText(
        one="Cobrar {amount} a esta tarjeta ahora. {title} ha alcanzado su meta.",
        many="Estas películas han alcanzado sus metas. Cobrar a esta tarjeta ahora:",
        part="{amount} por {title}",
        terms="Stripe guarda la tarjeta por nosotros y le cobramos una vez por película. Si tu"
        " banco lo rechaza, podemos volver a intentarlo durante {days} días. El enlace que te"
        " enviamos por correo muestra tu aporte.",
    ),
}


def text_in(language: str, *, is_late: bool = False) -> ConsentText:
    """Return today's sentences in a language; English where we have no other."""
    version = version_for(is_late=is_late)
    return TEXTS.get((version, language)) or TEXTS[(version, "en")]


def version_for(*, is_late: bool) -> str:
    """Return which version pages show today for a cart that is late, or is not."""
    return LATE_CONSENT_VERSION if is_late else CONSENT_VERSION


def suits(version: str, *, is_late: bool) -> bool:
    """Tell whether sentences of this version are true of a cart that is late, or is not."""
    return (version == LATE_CONSENT_VERSION) == is_late


def find(version: str, language: str) -> ConsentText | None:
    """Return the sentences a page showed, or None when we never had such."""
    return TEXTS.get((version, language))
