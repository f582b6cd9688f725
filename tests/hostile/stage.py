"""The running platform as hostile cases find it: a campaign, pledges, and every forged link."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import msgspec

from contracts import magic_link
from contracts.magic_link import MagicLink
from deploy.local.layout import DataDir, read_json
from deploy.local.sql import run_sql
from tests.hostile import wire
from tests.hostile.case import Case
from tests.hostile.wire import Answer
from tests.support.campaigns import AddOnText, TierText
from tests.support.platform import Platform, a_slug, an_email, eventually
from tests.support.stack import Stack

TIERS = (
    TierText(),
    TierText(id="reel", name="A reel", price="10", stackable=True),
    TierText(id="few", name="One of two", price="10", stackable=True, limit_total=2),
    TierText(id="last", name="The only one", price="10", limit_total=1),
    TierText(id="poster", name="A poster", price="10", shipping_preset="poster"),
    TierText(id="asks", name="A question", price="10", question="Name in the credits"),
)
SIGNED_AT = {"old": -600, "ancient": -86_400, "recent": -240}


class Stage:
    """What the names in cases stand for, and how a case is played."""

    def __init__(self, stack: Stack, platform: Platform) -> None:
        self.stack = stack
        self.platform = platform
        self._keys = read_json(DataDir(stack.data).file("secrets.json"))
        self.names: dict[str, str] = {
            "SITE": stack.site,
            "HOST": stack.site.removeprefix("http://"),
            "ADMIN": stack.admin_secret,
            "NOBODYS": "pool-intent-" + "0" * 32,
            "NO_OBJECT": self._signed_bytes(b"[1]"),
            "DEEP": self._signed_bytes(b"[" * 1_000),
        }
        self._prepare()

    def play(self, case: Case) -> Answer:
        """Send a case as it is and return the answer."""
        moment = {"NOW": str(int(time.time())), "NEW": secrets.token_hex(8)}
        said = case.raw
        if said is None:
            headers = {name: self.filled(value, moment) for name, value in case.headers.items()}
            body = None
            if case.body is not None:
                body = self.filled(case.body.decode("latin-1"), moment).encode("latin-1")
            if case.signature is not None and body is not None:
                headers["Stripe-Signature"], body = self._signature(case.signature, body)
            target = self.filled(case.target, moment)
            said = wire.request(case.method, target, headers, body, host=self.names["HOST"])
        else:
            said = self.filled(said.decode("latin-1"), moment).encode("latin-1")
        answer = wire.send(self.stack.site, said)
        if case.signature is not None and answer.status == 200:
            self._forget_strangers_session()
        return answer

    def _forget_strangers_session(self) -> None:
        """Take away what checkout would look after for ten minutes more.

        An event about an order that nobody knows (yet) is rightly no rest for the checker.
        """
        known = f"order_id = '{self.names['NOBODYS']}' OR update_id = 'card-x'"
        run_sql(self.stack.owner_url, f"DELETE FROM checkout.stripe_events WHERE {known}")

    def filled(self, text: str, moment: dict[str, str]) -> str:
        """Return `text` with each name replaced, longer names first."""
        if "$" not in text:
            return text
        known = {**self.names, **moment}
        for name in sorted(known, key=len, reverse=True):
            text = text.replace(f"${name}", known[name])
        return text

    def _prepare(self) -> None:
        platform = self.platform
        shirt, poster = a_slug("shirt"), a_slug("poster")
        add_ons = (
            AddOnText(id=shirt, price="25", sizes=(("s", 50), ("m", 50))),
            AddOnText(id=poster, inventory=0),
        )
        slug = platform.publish(a_slug("hostile"), goal="5000", tiers=TIERS, add_ons=add_ons)
        self.names |= {"SLUG": slug, "SHIRT": shirt, "POSTER": poster}
        self.names["UPCOMING"] = platform.publish(a_slug("later"), starts_in_days=1)
        email, other, leaver = an_email("noor"), an_email("ines"), an_email("teo")
        self.names["KEY"] = secrets.token_hex(8)
        started = platform.pledge(slug, email=email, key=self.names["KEY"])
        others = platform.pledge(slug, email=other, tier="last")
        platform.pledge(slug, email=leaver)
        self.names["ORDER"], self.names["OTHER_ORDER"] = started["orderId"], others["orderId"]
        token = self._token_of(email)
        self.names |= {"TOKEN": token, "CANCELLED": self._token_of(leaver)}
        gone = {"token": self.names["CANCELLED"]}
        platform.http.post("/pledge/cancel", json=gone).raise_for_status()
        card = "/pledge/payment-method/start"
        eventually(
            lambda: platform.http.post(card, json=gone).status_code == 409,
            what="checkout heard of it",
        )
        opened = platform.start(slug, email=an_email("open")).json()
        self.names["OPEN"] = opened["orderId"]
        self._forge(token, other)
        eventually(lambda: platform.live(slug)["stats"]["pledgeCount"] == 2, what="two pledges")

    def _token_of(self, email: str) -> str:
        return self.platform.token(self.platform.mail(email, "Pledge confirmed | "))

    def _forge(self, token: str, other_email: str) -> None:
        body, _, signature = token.partition(".")
        payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        link = msgspec.convert(payload, MagicLink)
        key = self.key("MAGIC_LINK_SECRET")
        swapped = {"A": "B"}.get(signature[0], "A")
        changed = _encoded(json.dumps({**payload, "email": "x@evil.example"}).encode())
        now = int(self.platform.now().timestamp())

        def altered(secret: bytes = key, **facts: Any) -> str:
            return magic_link.sign(msgspec.structs.replace(link, **facts), secret)

        self.names |= {
            "OTHER_EMAIL": other_email,
            "TAMPERED_PAYLOAD": f"{changed}.{signature}",
            "TAMPERED_SIGNATURE": f"{body}.{swapped}{signature[1:]}",
            "SHORT_SIGNATURE": f"{body}.{signature[:-1]}",
            "PADDED": f"{body}.{signature}=",
            "OTHER_KEY": altered(b"another key of thirty-two bytes!"),
            "EMPTY_KEY": altered(b""),
            "UNKNOWN_KID": self._signed_bytes(json.dumps({**payload, "kid": "k9"}).encode()),
            "OLD_GENERATION": altered(gen=0),
            "OLD_OF_ANOTHER": altered(gen=0, email=other_email),
            "EXPIRED": altered(exp=now - 1),
            "OTHER_SCOPE": altered(scope="unsubscribe"),
            "GHOST": altered(pledge_id=self.names["NOBODYS"]),
            "WRONG_EMAIL": altered(email=other_email),
            "WRONG_CAMPAIGN": altered(campaign_slug=self.names["UPCOMING"]),
            "NO_EMAIL": altered(email="nobody"),
            "NUL_ORDER": altered(pledge_id="pool-intent-\x00"),
        }

    def _signed_bytes(self, payload: bytes) -> str:
        body = _encoded(payload)
        mac = hmac.digest(self.key("MAGIC_LINK_SECRET"), body.encode(), "sha256")
        return f"{body}.{_encoded(mac)}"

    def _signature(self, kind: str, body: bytes) -> tuple[str, bytes]:
        """Return a webhook's signature header, and the body that is sent with it."""
        at = int(time.time()) + SIGNED_AT.get(kind, 0)
        secret = {
            "other": b"whsec_" + b"0" * 48,
            "key": self.key("STRIPE_SECRET_KEY"),
        }.get(kind, self.key("STRIPE_WEBHOOK_SECRET"))
        value = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
        if kind == "two":
            return f"t={at},v1={'0' * 64},v1={value}", body
        if kind == "v0":
            return f"t={at},v0={value}", body
        if kind == "moved":
            return f"t={at + 1},v1={value}", body
        if kind == "changed":
            return f"t={at},v1={value}", body[:-1] + b" "
        if kind == "blank":
            return f"t={at},v1={value}", body + b" "
        return f"t={at},v1={value}", body

    def key(self, name: str) -> bytes:
        """Return one of the stack's secrets."""
        return str(self._keys[name]).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
