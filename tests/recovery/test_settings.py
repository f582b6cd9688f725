"""A secret that could be guessed is refused by its name, never by its value."""

import importlib

import msgspec
import pytest

from deploy.local.layout import SERVICES
from services.chassis.process.settings import CommonSettings, OwnSecret, Secret, SettingsError, load

OWN = ("admin_secret", "checkout_intent_secret", "gateway_secret", "magic_link_secret")
SHORT = "only-thirty-one-bytes-long-xxxx"
GOOD = {
    "DATABASE_URL": "postgresql://x",
    "NATS_URL": "nats://x",
    "REDIS_URL": "redis://x",
    "SITE_BASE": "http://x",
    **{name.upper(): "x" * 32 for name in OWN},
}


class Settings(CommonSettings, frozen=True, kw_only=True):
    magic_link_secret: OwnSecret
    checkout_intent_secret: OwnSecret
    admin_secret: OwnSecret = OwnSecret("")
    stripe_secret_key: Secret = Secret("")


@pytest.mark.parametrize("name", OWN)
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
    settings = load(Settings, {**GOOD, "GATEWAY_SECRET": "é" * 16, "STRIPE_SECRET_KEY": "sk_1"})

    assert settings.gateway_secret.reveal() == "é" * 16
    assert settings.stripe_secret_key.reveal() == "sk_1"


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_is_our_own_but_vendors_and_addresses(service: str) -> None:
    shape = importlib.import_module(f"services.{service}.settings").Settings
    types = {each.name: each.type for each in msgspec.structs.fields(shape)}

    own = {name for name, kind in types.items() if kind is OwnSecret}
    vendors = {name for name, kind in types.items() if kind is Secret}

    assert "gateway_secret" in own
    assert own <= set(OWN)
    assert [name for name in vendors if name in OWN] == []


def test_a_secret_that_may_be_left_out_may_be_empty() -> None:
    assert not load(Settings, {**GOOD, "ADMIN_SECRET": ""}).admin_secret
