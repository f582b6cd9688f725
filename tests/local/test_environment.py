"""Each process gets its own settings; the operator's come first; live keys are refused."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.env_file import SettingsRefused, read_env_file
from deploy.local.environment import (
    PER_PROCESS,
    SECRET_LENGTH_MIN,
    Environment,
    all_settings,
    assemble,
    names_of,
    operators_settings,
)
from deploy.local.layout import ROOT, SERVICES, DataDir
from services.checkout.domain.stripe_news import LISTED

PORTS = {
    name: 20_000 + number
    for number, name in enumerate((*SERVICES, "sandbox", "postgres", "nats", "redis"))
}
REAL = {
    "STRIPE_SECRET_KEY": "sk_test_real",
    "RESEND_API_KEY": "re_real",
    "EMAIL_FROM": "a@b.example",
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDir:
    for name in all_settings():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return DataDir(tmp_path)


def _environment(data: DataDir, **given: str) -> Environment:
    return assemble(data, given, PORTS)


def test_the_environment_comes_before_the_env_file(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.env_file.write_text(
        "EMAIL_FROM=file@a.example\nADMIN_SECRET='from file' # note\nOTHER=1\n"
    )
    monkeypatch.setenv("EMAIL_FROM", "env@a.example")

    assert operators_settings(data) == {"EMAIL_FROM": "env@a.example", "ADMIN_SECRET": "from file"}


def test_a_secret_may_stand_in_a_file(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    (data.path / "key").write_text("sk_test_x\n")
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", str(data.path / "key"))

    assert operators_settings(data)["STRIPE_SECRET_KEY"] == "sk_test_x"


@pytest.mark.parametrize("key", ["sk_live_123", "rk_live_123"])
@pytest.mark.parametrize("place", ["environment", ".env", "file"])
def test_a_live_key_is_refused_wherever_it_stands(
    data: DataDir, monkeypatch: pytest.MonkeyPatch, key: str, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    elif place == ".env":
        data.env_file.write_text(f'export STRIPE_SECRET_KEY="{key}"\n')
    else:
        (data.path / "key").write_text(key)
        monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", str(data.path / "key"))

    with pytest.raises(SettingsRefused, match="live key") as refused:
        operators_settings(data)
    assert key not in str(refused.value)


def test_a_line_that_is_no_setting_is_named_with_its_number(data: DataDir) -> None:
    data.env_file.write_text("# fine\n\nEMAIL_FROM=x\nwhat is this\n")

    with pytest.raises(SettingsRefused, match=r"\.env:4"):
        read_env_file(data.env_file)


def test_a_service_sees_no_secret_of_another(data: DataDir) -> None:
    env = _environment(data)
    seen = {name: env.of_service(name, port=1) for name in SERVICES}

    holders = {
        secret: sorted(name for name, own in seen.items() if secret in own)
        for secret in (
            "STRIPE_SECRET_KEY",
            "STRIPE_WEBHOOK_SECRET",
            "RESEND_API_KEY",
            "MAGIC_LINK_SECRET",
            "CHECKOUT_INTENT_SECRET",
            "USPS_CLIENT_SECRET",
            "MIGRATION_DATABASE_URL",
        )
    }
    assert holders == {
        "STRIPE_SECRET_KEY": ["checkout", "settlement"],
        "STRIPE_WEBHOOK_SECRET": ["checkout"],
        "RESEND_API_KEY": ["notify"],
        "MAGIC_LINK_SECRET": ["checkout", "notify", "pledges", "settlement"],
        "CHECKOUT_INTENT_SECRET": ["checkout"],
        "USPS_CLIENT_SECRET": ["checkout"],
        "MIGRATION_DATABASE_URL": [],
    }
    assert not any("SANDBOX" in name for own in seen.values() for name in own)


def test_every_service_has_a_database_account_of_its_own(data: DataDir) -> None:
    env = _environment(data)
    urls = [urlsplit(env.of_service(name, port=1)["DATABASE_URL"]) for name in SERVICES]

    assert [url.username for url in urls] == [f"pool_{name}" for name in SERVICES]
    assert len({url.password for url in urls}) == len(SERVICES)
    assert {url.port for url in urls} == {PORTS["postgres"]}


def test_a_database_of_the_operator_keeps_its_address_and_options(data: DataDir) -> None:
    env = _environment(
        data, DATABASE_URL="postgresql://boss:pw@db.example:6543/funds?sslmode=require"
    )

    url = urlsplit(env.of_service("pledges", port=1)["DATABASE_URL"])

    assert (url.username, url.hostname, url.port) == ("pool_pledges", "db.example", 6543)
    assert (url.path, url.query) == ("/funds", "sslmode=require")
    owner = env.of_migration("pledges")["MIGRATION_DATABASE_URL"]
    assert owner.startswith("postgresql://boss:pw@")


def test_a_sandbox_stack_points_at_the_sandbox_only(data: DataDir) -> None:
    env = _environment(data)
    sandbox = f"http://127.0.0.1:{PORTS['sandbox']}"
    checkout, notify = env.of_service("checkout", port=1), env.of_service("notify", port=1)
    site = env.of_service("site", port=1)

    assert env.uses_sandbox
    assert checkout["STRIPE_API_BASE"] == notify["RESEND_API_BASE"] == sandbox
    assert site["STRIPE_JS_URL"] == f"{sandbox}/stripe.js"
    assert site["RATE_LIMIT_SCALE"] == "100"
    assert checkout["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert checkout["STRIPE_PUBLISHABLE_KEY"].startswith("pk_test_")
    assert checkout["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    assert env.of_sandbox(data)["STRIPE_SECRET_KEY"] == checkout["STRIPE_SECRET_KEY"]
    assert env.of_sandbox(data)["STRIPE_WEBHOOK_EVENTS"] == ",".join(LISTED)
    assert checkout["USPS_API_BASE"] == sandbox
    assert env.of_sandbox(data)["USPS_CLIENT_SECRET"] == checkout["USPS_CLIENT_SECRET"]


def test_real_keys_bring_no_made_up_setting_with_them(data: DataDir) -> None:
    env = _environment(data, **REAL)
    checkout = env.of_service("checkout", port=1)

    assert not env.uses_sandbox
    assert checkout["STRIPE_SECRET_KEY"] == "sk_test_real"
    assert not {"STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRET", "STRIPE_PUBLISHABLE_KEY"} & set(
        checkout
    )
    assert "RATE_LIMIT_SCALE" not in env.of_service("site", port=1)
    assert "RESEND_API_BASE" not in env.of_service("notify", port=1)
    assert not [name for name in checkout if name.startswith("USPS_")]


def test_an_account_of_ones_own_at_usps_is_asked_beside_the_sandbox(data: DataDir) -> None:
    env = _environment(data, USPS_CLIENT_ID="ours", USPS_CLIENT_SECRET="real")
    checkout = env.of_service("checkout", port=1)

    assert env.uses_sandbox
    assert (checkout["USPS_CLIENT_ID"], checkout["USPS_CLIENT_SECRET"]) == ("ours", "real")
    assert "USPS_API_BASE" not in checkout


def test_one_vendor_may_be_real_and_the_other_the_sandbox(data: DataDir) -> None:
    env = _environment(data, STRIPE_SECRET_KEY="sk_test_real")

    assert env.uses_sandbox
    assert "STRIPE_API_BASE" not in env.of_service("checkout", port=1)
    assert env.of_service("notify", port=1)["RESEND_API_BASE"].endswith(str(PORTS["sandbox"]))


def test_a_stacks_secrets_are_long_made_once_and_private(data: DataDir) -> None:
    first, second = _environment(data), _environment(data)

    assert dict(first.values) == dict(second.values)
    for name in ("ADMIN_SECRET", "GATEWAY_SECRET", "MAGIC_LINK_SECRET", "CHECKOUT_INTENT_SECRET"):
        assert len(first.values[name]) >= SECRET_LENGTH_MIN
    assert data.file("secrets.json").stat().st_mode & 0o777 == 0o600


def test_showing_an_environment_shows_no_secret(data: DataDir) -> None:
    env = _environment(data)

    assert env.values["ADMIN_SECRET"] not in repr(env)


def test_the_example_file_names_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line}
    named = {name for name in named if name.isupper()}

    read = {name for service in SERVICES for name in (*names_of(service), *PER_PROCESS)}
    assert named == read
