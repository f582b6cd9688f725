"""A token opens one door, for a while, and only as it was signed."""

import base64
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import CampaignSlug, PledgeId, supporter_id
from contracts.magic_link import (
    PLEDGE_SCOPE,
    TOKEN_LENGTH_MAX,
    MagicLink,
    current_key,
    expires_at,
    key_id,
    keyring,
    open_token,
    require_holder,
    sign,
    verify,
    whose,
)
from contracts.refusals import InputRefused, LinkRefused, NotFound, NotYours

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
KEY = b"the key of today, forty characters long.."
KEYS = keyring(KEY)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def a_link(**changes: object) -> MagicLink:
    """Return a link that is good at NOW."""
    link = MagicLink(
        pledge_id=PledgeId("pool-intent-abc123"),
        email="noor@halfmoon.example",
        campaign_slug=CampaignSlug("hand-relations"),
        exp=int(NOW.timestamp()) + 60,
    )
    return msgspec.structs.replace(link, **changes)


def is_refused(token: str, *, now: datetime = NOW, scope: str = PLEDGE_SCOPE) -> bool:
    """Tell whether a token is refused, in the one way that tells nothing."""
    refused: LinkRefused | None = None
    try:
        verify(token, KEYS, now=now, scope=scope)
    except LinkRefused as exc:
        refused = exc
    assert refused is None or (refused.reason, refused.fields) == ("invalid_link", {})
    return refused is not None


def test_the_format_is_the_products() -> None:
    body, signature = sign(a_link(), KEY).split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    assert payload == {
        "orderId": "pool-intent-abc123",
        "email": "noor@halfmoon.example",
        "campaignSlug": "hand-relations",
        "exp": int(NOW.timestamp()) + 60,
        "scope": "pledge",
        "kid": key_id(KEY),
        "gen": 1,
    }
    assert len(signature) == 43
    assert "=" not in body + signature


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_signed_is_what_is_read(order: str, email: str) -> None:
    link = a_link(pledge_id=order, email=email, kid=key_id(KEY))

    assert verify(sign(link, KEY), KEYS, now=NOW, scope=PLEDGE_SCOPE) == link


def test_a_name_outside_latin_1_is_no_obstacle() -> None:
    link = a_link(email="зоя@пример.example")

    assert verify(sign(link, KEY), KEYS, now=NOW, scope=PLEDGE_SCOPE).email == link.email


@given(st.data())
def test_no_character_of_a_token_can_be_another(data: st.DataObject) -> None:
    """Not even in the last one, whose low bits unpadded base64 does not use."""
    token = sign(a_link(), KEY)
    place = data.draw(st.integers(0, len(token) - 1) | st.just(len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET + ".=+/ é").filter(lambda c: c != token[place]))

    assert is_refused(token[:place] + other + token[place + 1 :])


def test_every_spelling_of_the_last_character_but_one_is_refused() -> None:
    token = sign(a_link(), KEY)

    accepted = [c for c in ALPHABET if not is_refused(token[:-1] + c)]

    assert accepted == [token[-1]]


@given(st.text(max_size=200) | st.text(ALPHABET + ".", max_size=200))
def test_anything_else_is_refused(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pledge_id": "pool-intent-other"}, id="another order"),
        pytest.param({"email": "other@halfmoon.example"}, id="another person"),
        pytest.param({"exp": 2**40}, id="another end"),
        pytest.param({"scope": "admin"}, id="another scope"),
    ],
)
def test_a_payload_is_not_exchanged_under_a_signature(change: dict[str, object]) -> None:
    _, _, signature = sign(a_link(), KEY).partition(".")
    body, _, _ = sign(a_link(**change), b"somebody else's key").partition(".")

    assert is_refused(f"{body}.{signature}")


def test_a_token_ends_at_its_instant() -> None:
    token = sign(a_link(), KEY)
    end = NOW + timedelta(seconds=60)

    assert not is_refused(token, now=end - timedelta(microseconds=1))
    assert is_refused(token, now=end)


def test_a_token_of_one_kind_opens_no_other_door() -> None:
    token = sign(a_link(scope="unsubscribe"), KEY)

    assert is_refused(token)
    assert not is_refused(token, scope="unsubscribe")


def test_keys_rotate_by_their_id() -> None:
    yesterday = b"the key of yesterday"
    old = sign(a_link(), yesterday)
    keys = keyring(KEY, yesterday)

    assert verify(old, keys, now=NOW, scope=PLEDGE_SCOPE).kid == key_id(yesterday)
    assert current_key(keys) == KEY
    assert is_refused(old)
    assert keyring(KEY) == {key_id(KEY): KEY}


def test_a_link_under_the_name_of_another_key_opens_nothing() -> None:
    body, _, _ = sign(a_link(), b"the key of yesterday").partition(".")
    renamed = msgspec.json.decode(base64.urlsafe_b64decode(body + "=="))
    renamed["kid"] = key_id(KEY)
    forged = base64.urlsafe_b64encode(msgspec.json.encode(renamed)).rstrip(b"=").decode()
    _, _, signature = sign(a_link(), b"the key of yesterday").partition(".")

    assert is_refused(f"{forged}.{signature}")


def test_no_payload_exhausts_the_decoder() -> None:
    for raw in (b'{"x":' + b"[" * 1_400, b"[" * 1_500, b'{"x":"\xff\xfe"}', b"null", b"{}", b""):
        body = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        assert is_refused(f"{body}.{'A' * 43}")


def test_a_token_has_a_length_limit() -> None:
    assert is_refused(sign(a_link(email="x" * TOKEN_LENGTH_MAX), KEY))


@pytest.mark.parametrize(
    ("deadline", "end"),
    [
        pytest.param(NOW + timedelta(days=30), NOW + timedelta(days=120), id="after the deadline"),
        pytest.param(NOW - timedelta(days=30), NOW + timedelta(days=90), id="deadline is past"),
    ],
)
def test_a_link_lives_ninety_days_past_whichever_is_later(
    deadline: datetime, end: datetime
) -> None:
    assert expires_at(now=NOW, deadline=deadline) == end.timestamp()


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        pytest.param(None, InputRefused, id="none"),
        pytest.param("", InputRefused, id="empty"),
        pytest.param("x.y", LinkRefused, id="forged"),
        pytest.param(
            sign(a_link(pledge_id="pool-intent-\x00", exp=1), KEY), LinkRefused, id="over"
        ),
        pytest.param(sign(a_link(pledge_id="pool-intent-\x00"), KEY), NotFound, id="no such name"),
    ],
)
def test_a_door_asks_for_a_token_then_whether_it_holds_then_what_it_names(
    token: str | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        open_token(token, KEYS, now=NOW)


def test_a_good_token_is_read_at_every_door() -> None:
    assert open_token(sign(a_link(), KEY), KEYS, now=NOW).pledge_id == "pool-intent-abc123"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"gen": 1}, LinkRefused, id="over"),
        pytest.param({"gen": 1, "email": "x@halfmoon.example"}, LinkRefused, id="that first"),
        pytest.param({"email": "x@halfmoon.example"}, NotYours, id="another person"),
        pytest.param({"email": "nobody"}, NotYours, id="no address"),
        pytest.param({"campaign_slug": "fade-up"}, NotYours, id="another campaign"),
    ],
)
def test_a_link_is_refused_for_being_over_before_for_whose_it_is(
    changes: dict[str, object], refusal: type[Exception]
) -> None:
    holder = supporter_id("noor@halfmoon.example")
    link = a_link(**{"gen": 2, **changes})

    with pytest.raises(refusal):
        require_holder(
            link, supporter=holder, campaign=CampaignSlug("hand-relations"), generation=2
        )


def test_the_holder_of_the_newest_link_is_let_in_under_any_spelling_of_their_address() -> None:
    link = a_link(gen=2, email="Noor@HALFMOON.example")
    holder = supporter_id("noor@halfmoon.example")

    require_holder(link, supporter=holder, campaign=CampaignSlug("hand-relations"), generation=1)

    assert whose(link) == holder
