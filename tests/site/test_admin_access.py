"""Who may do what in the dashboard: the rules."""

import pytest

from contracts.refusals import InputRefused, StateRefused
from services.site.admin import access
from services.site.admin.access import Role, User, may, require_others, wanted_user
from services.site.admin.audit import Entry, as_csv, read_before, read_search
from tests.contracts.facts import AT

SUPER = User(user_id="s", email="ada@pool.example", role="super")
OTHER = User(user_id="o", email="bo@pool.example", role="super")
THEIRS = User(user_id="c", email="cy@pool.example", role="campaign", campaigns=("long-take",))


@pytest.mark.parametrize(
    ("user", "needs", "slug", "allowed"),
    [
        (SUPER, "super", "", True),
        (SUPER, "campaign", "long-take", True),
        (THEIRS, "super", "", False),
        (THEIRS, "somebody", "", True),
        (THEIRS, "campaign", "long-take", True),
        (THEIRS, "campaign", "another", False),
        (THEIRS, "campaign", "", False),
    ],
)
def test_rights(user: User, needs: access.Needs, slug: str, *, allowed: bool) -> None:
    assert may(user, needs, slug) is allowed


@pytest.mark.parametrize(
    ("email", "role", "campaigns", "field"),
    [
        ("nobody", "super", (), "email"),
        ("a@pool.example", "owner", (), "role"),
        ("a@pool.example", "campaign", (), "campaigns"),
        ("a@pool.example", "campaign", ("unknown",), "campaigns"),
    ],
)
def test_a_user_has_an_address_a_role_and_known_campaigns(
    email: str, role: str, campaigns: tuple[str, ...], field: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        wanted_user(email, role, campaigns, {"long-take"})

    assert list(refused.value.fields) == [field]


def test_a_super_is_not_tied_to_campaigns_and_an_address_has_one_spelling() -> None:
    wanted = wanted_user(" Ada@POOL.example", "super", ("long-take",), {"long-take"})

    assert (wanted.email, wanted.campaigns) == ("ada@pool.example", ())


@pytest.mark.parametrize(
    ("users", "changed", "actor", "becomes", "reason"),
    [
        ((SUPER, OTHER), SUPER, "s", "campaign", "own_rights"),
        ((SUPER, OTHER), SUPER, "s", None, "own_rights"),
        ((SUPER, THEIRS), SUPER, "", None, "last_super"),
        ((SUPER, THEIRS), SUPER, "", "campaign", "last_super"),
    ],
)
def test_nobody_takes_away_their_own_rights_or_the_last_supers(
    users: tuple[User, ...], changed: User, actor: str, becomes: Role | None, reason: str
) -> None:
    with pytest.raises(StateRefused) as refused:
        require_others(users, changed, actor, becomes)

    assert refused.value.reason == reason


def test_a_forms_value_is_bound_to_its_session() -> None:
    one, other = "a" * 43, "b" * 43

    assert access.is_csrf(access.csrf_of(one), one)
    assert not access.is_csrf(access.csrf_of(one), other)
    assert not access.is_csrf("", one)
    assert not access.is_csrf("ñ", one)
    assert access.csrf_of(one) != one


def test_a_network_is_told_apart_and_not_told() -> None:
    made = access.fingerprint("192.0.2.7", b"key")

    assert (
        made == access.fingerprint("192.0.2.7", b"key") != access.fingerprint("192.0.2.8", b"key")
    )
    assert made != access.fingerprint("192.0.2.7", b"other")
    assert (len(made), "192" in made) == (16, False)


def test_a_device_is_named_as_its_owner_would() -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"

    assert access.device(phone) == "Safari, iPhone"
    assert access.device("curl/8") == ""


@pytest.mark.parametrize(
    "given",
    [
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"since": "20261101"},
        {"since": "0001-01-01"},
        {"words": "x" * 201},
    ],
)
def test_a_search_that_cannot_be_meant_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InputRefused) as refused:
        read_search(given)

    assert list(refused.value.fields) == list(given)


@pytest.mark.parametrize("text", ["-1", "x", "9" * 19, "１"])
def test_a_page_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        read_before(text)


def test_a_file_of_the_log_computes_nothing() -> None:
    entry = Entry(
        entry_id=1,
        at=AT,
        actor="=cmd()@pool.example",
        role="super",
        action="user_invited",
        subject='+1, "quoted"',
        details={"role": "super"},
    )

    text = as_csv([entry]).decode("utf-8-sig")

    head, line, rest = text.split("\r\n")
    assert head == "at,actor,role,action,subject,campaign,details"
    assert "'=cmd()@pool.example" in line
    assert '"\'+1, ""quoted"""' in line
    assert rest == ""
