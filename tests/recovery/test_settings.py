"""A secret that could be guessed is refused by its name, never by its value."""

import pytest

from services.chassis.settings import OWN_SECRETS, CommonSettings, Secret, SettingsError, load

SHORT = "only-thirty-one-bytes-long-xxxx"
GOOD = {
    "DATABASE_URL": "postgresql://x",
    "NATS_URL": "nats://x",
    "REDIS_URL": "redis://x",
    "SITE_BASE": "http://x",
    **{name.upper(): "x" * 32 for name in OWN_SECRETS},
}


class Settings(CommonSettings, frozen=True, kw_only=True):
    magic_link_secret: Secret
    checkout_intent_secret: Secret
    admin_secret: Secret = Secret("")
    stripe_secret_key: Secret = Secret("")


@pytest.mark.parametrize("name", sorted(OWN_SECRETS))
def test_our_own_secrets_have_thirty_two_bytes(name: str) -> None:
    assert len(SHORT) == 31

    with pytest.raises(SettingsError, match=f"^{name.upper()} is shorter than 32 bytes$") as said:
        load(Settings, {**GOOD, name.upper(): SHORT})

    assert SHORT not in str(said.value)


def test_all_faults_are_named_at_once() -> None:
    short = {**GOOD, "GATEWAY_SECRET": SHORT, "MAGIC_LINK_SECRET": SHORT}
    del short["DATABASE_URL"]

    with pytest.raises(SettingsError) as said:
        load(Settings, short)

    assert str(said.value).count(";") == 2


def test_length_is_counted_in_bytes_and_a_vendors_key_is_as_long_as_it_is() -> None:
    load(Settings, {**GOOD, "GATEWAY_SECRET": "é" * 16, "STRIPE_SECRET_KEY": "sk_test_1"})


def test_a_secret_that_may_be_left_out_may_be_empty() -> None:
    assert not load(Settings, {**GOOD, "ADMIN_SECRET": ""}).admin_secret
