"""Whatever bytes come in, a codec answers with a value or with a typed refusal."""

import base64
import contextlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import magic_link
from contracts.events.base import Event
from contracts.ids import CampaignSlug, PledgeId, is_slug
from contracts.magic_link import MagicLink
from contracts.refusals import InputRefused, LinkRefused, Refusal
from contracts.subjects import tag
from services.chassis.stripe.client import is_signed
from services.chassis.web.body import decode
from services.checkout.domain.bodies import CartBody, CompleteCardBody, OrderBody, StartCardBody
from services.checkout.domain.cart import understand
from services.checkout.domain.stripe_news import concern_of, read_event
from services.pledges.routes.pledges import CancelRequest
from services.settlement.routes.charges import SettleRequest
from tests.contracts.catalogue import every_event
from tests.contracts.samples import golden_file
from tests.hostile.anything import JSON, TEXTS, altered, mutated, tried, tried_together

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
KEY = b"the key of today, forty characters long.."
# What the inbox parks; anything else would stop the consumer.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
CART = {
    "items": [
        {"id": "film__frame", "quantity": 1, "price": 1},
        {"id": "film__custom-support", "amount": 25},
        {"id": "other-film__support__poster", "amount": "12.50"},
    ],
    "campaignSlug": "film",
    "email": "noor@halfmoon.example",
    "tipPercent": 5,
    "expectedAmount": 5644,
    "shippingAddress": {"name": "Noor", "country": "US", "postalCode": "87101"},
    "consent": {"version": "1", "language": "en", "hash": "0"},
    "checkoutUiMode": "hosted",
    "utmSource": "x",
}
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "created": 1_790_000_000,
    "livemode": False,
    "data": {"object": {"id": "cs_1", "mode": "setup", "metadata": {"orderId": "pool-intent-1"}}},
}


def _refused_or_read(token: str) -> MagicLink | None:
    with contextlib.suppress(LinkRefused):
        return magic_link.verify(
            token, magic_link.keyring(KEY), now=NOW, scope=magic_link.PLEDGE_SCOPE
        )
    return None


def _as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


@tried
@given(TEXTS | st.builds("{}.{}".format, TEXTS, TEXTS))
def test_a_token_that_nobody_signed_is_refused(text: str) -> None:
    assert _refused_or_read(text) is None


@tried
@given(st.binary(max_size=200) | JSON.map(_as_json))
def test_a_signed_payload_of_any_kind_is_read_or_refused(payload: bytes) -> None:
    body = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    mac = base64.urlsafe_b64encode(hmac.digest(KEY, body.encode(), "sha256")).rstrip(b"=").decode()

    link = _refused_or_read(f"{body}.{mac}")

    assert link is None or link.exp > NOW.timestamp()


@tried
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_what_is_signed_is_what_is_read(order: str, email: str, slug: str) -> None:
    link = MagicLink(
        pledge_id=PledgeId(order),
        email=email,
        campaign_slug=CampaignSlug(slug),
        exp=2**40,
        kid=magic_link.key_id(KEY),
    )

    assert _refused_or_read(magic_link.sign(link, KEY)) == link


@tried
@given(st.binary(max_size=300), TEXTS | st.builds("t={},v1={}".format, st.integers(), TEXTS))
def test_no_signature_of_a_stranger_holds(raw: bytes, header: str) -> None:
    assert not is_signed(raw, header, ("whsec_" + "0" * 48,))
    assert not is_signed(raw, f"t={int(time.time())},v1={header}", ("whsec_" + "0" * 48,))


@tried
@given(altered(EVENT).map(_as_json) | mutated(_as_json(EVENT)) | st.binary(max_size=200))
def test_an_event_of_stripe_is_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(InputRefused):
        event, subject = read_event(raw)
        concern_of(event, subject)
        texts = [event.id, event.type, subject.id, *(subject.metadata or {}).values()]
        # What goes into the database, and into its indexes, must be able to.
        assert all("\x00" not in text and len(text) <= 500 for text in texts)
        assert datetime.fromtimestamp(event.created, UTC)


@tried
@given(altered(CART).map(_as_json) | mutated(_as_json(CART)))
def test_a_cart_is_understood_or_refused(raw: bytes) -> None:
    with contextlib.suppress(Refusal):
        body: CartBody = decode(raw, CartBody)
        cart = understand(body.items)
        assert list(cart.by_campaign) == sorted(cart.by_campaign)
        assert all(is_slug(slug) for slug in cart.by_campaign)
        chosen = [*cart.add_ons, *(each for some in cart.by_campaign.values() for each in some)]
        assert len(chosen) == len(body.items)
        assert body.digest() == decode(msgspec.json.encode(body), CartBody).digest()


@tried
@given(JSON.map(_as_json) | st.binary(max_size=200))
@pytest.mark.parametrize(
    "shape",
    [CartBody, OrderBody, StartCardBody, CompleteCardBody, CancelRequest, SettleRequest],
)
def test_a_body_is_read_or_refused(shape: type[Any], raw: bytes) -> None:
    with contextlib.suppress(InputRefused):
        assert isinstance(decode(raw, shape), shape)


@pytest.mark.parametrize("event", [pytest.param(each, id=tag(each)) for each in every_event()])
def test_a_message_is_an_event_or_can_be_parked(event: type[Event]) -> None:
    golden = golden_file(event).read_bytes()
    document = json.loads(golden)

    @tried_together
    @given(altered(document).map(_as_json) | mutated(golden))
    def read(raw: bytes) -> None:
        with contextlib.suppress(*UNREADABLE):
            fact = msgspec.json.decode(raw, type=event)
            assert msgspec.json.decode(msgspec.json.encode(fact), type=event) == fact

    read()
