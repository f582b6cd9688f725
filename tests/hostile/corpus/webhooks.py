"""What claims to come from Stripe. Only what Stripe signed, now, byte for byte, is heard."""

import json
from typing import Any

from tests.hostile.case import Case

PATH = "/webhooks/stripe"
UNSIGNED = "invalid_signature"
NO_EVENT = "invalid_json"
SIZE_MAX = 256 * 1_024


def _event(**facts: Any) -> bytes:
    event = {
        "id": "evt_$NEW",
        "object": "event",
        "type": "customer.created",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": {"id": "cus_x"}},
    }
    return json.dumps({**event, **facts}).encode()


def _session(**facts: Any) -> bytes:
    session = {"id": "cs_x", "mode": "setup", "metadata": {"orderId": "$NOBODYS"}, **facts}
    return _event(type="checkout.session.completed", data={"object": session})


def _heard(
    name: str, body: bytes, status: int, error: str = "", *, signed: str | None = "now"
) -> Case:
    return Case(
        name=name,
        method="POST",
        target=PATH,
        headers={"Content-Type": "application/json"},
        body=body,
        signature=signed,
        status=status,
        error=error,
    )


def _given(name: str, header: str) -> Case:
    return Case(
        name=name,
        method="POST",
        target=PATH,
        headers={"Content-Type": "application/json", "Stripe-Signature": header},
        body=_event(),
        status=401,
        error=UNSIGNED,
    )


CASES = (
    _heard("no signature", _event(), 401, UNSIGNED, signed=None),
    _given("empty signature", ""),
    _given("malformed signature", "not-a-signature"),
    _given("signature without a time", "v1=" + "0" * 64),
    _given("signature without a value", "t=$NOW"),
    _given("time that is no number", "t=now,v1=" + "0" * 64),
    _given("time of 5,000 digits", "t=" + "9" * 5_000 + ",v1=" + "0" * 64),
    _given("negative time", "t=-1,v1=" + "0" * 64),
    _given("signature of zeros", "t=$NOW,v1=" + "0" * 64),
    _given("signature of raw bytes", "t=$NOW,v1=\xff\xfe"),
    _given("signature of NUL look-alikes", "t=$NOW,v1=%00"),
    _given("10,000 values", "t=$NOW" + ",v1=0" * 3_000),
    _heard("only the old scheme v0", _event(), 401, UNSIGNED, signed="v0"),
    _heard("10 minutes old", _event(), 401, UNSIGNED, signed="old"),
    _heard("24 hours old", _event(), 401, UNSIGNED, signed="ancient"),
    _heard("signed with another secret", _event(), 401, UNSIGNED, signed="other"),
    _heard("signed with the Stripe key", _event(), 401, UNSIGNED, signed="key"),
    _heard("signed for another time", _event(), 401, UNSIGNED, signed="moved"),
    _heard("body changed by one byte", _event(), 401, UNSIGNED, signed="changed"),
    _heard("a blank after the body", _event(), 401, UNSIGNED, signed="blank"),
    _heard("two values, the second right", _event(), 200, signed="two"),
    _heard("four minutes old", _event(), 200, signed="recent"),
    _heard("unknown type, well signed", _event(type="nobody.knows"), 200),
    _heard("an event we had, again", _event(id="evt_again"), 200),
    _heard("an event we had, and again", _event(id="evt_again"), 200),
    _heard("live mode on a test site", _event(livemode=True), 200),
    _heard("session of nobody's order", _session(), 200),
    _heard("session of no order", _session(metadata={}), 200),
    _heard("session with null metadata", _session(metadata=None), 200),
    _heard("session that pays", _session(mode="payment"), 200),
    _heard("session with odd metadata", _session(metadata=[]), 400, NO_EVENT),
    _heard("session without an id", _session(id=None), 400, NO_EVENT),
    _heard("session of nobody's card update", _session(metadata={"updateId": "card-x"}), 200),
    _heard(
        "card that failed in nobody's session",
        _event(
            type="setup_intent.setup_failed",
            data={"object": {"id": "seti_x", "metadata": {"orderId": "$NOBODYS"}}},
        ),
        200,
    ),
    _heard(
        "card of nobody, detached",
        _event(type="payment_method.detached", data={"object": {"id": "pm_x"}}),
        200,
    ),
    _heard(
        "customer of nobody, deleted",
        _event(type="customer.deleted", data={"object": {"id": "cus_x", "deleted": True}}),
        200,
    ),
    _heard(
        "charge of nobody, of an odd shape",
        _event(type="charge.updated", data={"object": {"id": "ch_x", "payment_intent": [1]}}),
        200,
    ),
    _heard(
        "a type nobody acts upon, whatever its object",
        _event(type="person.updated", data={"object": [None, {"id": 5}]}),
        200,
    ),
    _heard(
        "mandate without an object",
        _event(type="mandate.updated", data={"object": None}),
        400,
        NO_EVENT,
    ),
    _heard(
        "refund whose id is a number",
        _event(type="refund.created", data={"object": {"id": 5}}),
        400,
        NO_EVENT,
    ),
    _heard("empty body", b"", 400, NO_EVENT),
    _heard("no JSON", b"not json", 400, NO_EVENT),
    _heard("a list, well signed", b"[]", 400, NO_EVENT),
    _heard("an empty object", b"{}", 400, NO_EVENT),
    _heard("bad UTF-8", b'{"id":"\xff"}', 401, UNSIGNED),
    _heard("deep JSON", b'{"data":' + b"[" * 100_000, 400, NO_EVENT),
    _heard(
        "deep JSON in data",
        b'{"id":"evt_$NEW","type":"x","created":1,"livemode":false,"data":'
        + b"[" * 50_000
        + b"]" * 50_000
        + b"}",
        400,
        NO_EVENT,
    ),
    _heard("livemode as a text", _event(livemode="false"), 400, NO_EVENT),
    _heard("created in the year 300,000,000", _event(created=10**16), 400, NO_EVENT),
    _heard("created of 30 digits", _event(created=10**30), 400, NO_EVENT),
    _heard("created before time began", _event(created=-(10**16)), 400, NO_EVENT),
    _heard("id with NUL", _event(id="evt_\x00"), 400, NO_EVENT),
    _heard("type with NUL", _event(type="a\x00b"), 400, NO_EVENT),
    _heard("order id with NUL", _session(metadata={"orderId": "pool-intent-\x00"}), 400, NO_EVENT),
    _heard("session id with NUL", _session(id="cs_\x00"), 400, NO_EVENT),
    _heard("id of 100,000 letters", _event(id="e" * 100_000), 400, NO_EVENT),
    _heard("256 KiB less a bit", _event(pad="x" * (SIZE_MAX - 400)), 200),
    _heard("257 KiB", _event(pad="x" * (257 * 1_024)), 413, "too_large"),
    _heard("257 KiB, unsigned", b"x" * (257 * 1_024), 413, "too_large", signed=None),
)
