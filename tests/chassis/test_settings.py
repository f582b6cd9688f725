"""Settings: everything that is wrong is named at once, and no value is ever shown."""

from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from services.chassis.process import service
from services.chassis.process.settings import CommonSettings, Secret, SettingsError, load

LONG = "x" * 40
COMMON = {
    "DATABASE_URL": "postgresql://pool_toy:hunter2@127.0.0.1/pool",
    "NATS_URL": "nats://127.0.0.1:4222",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "GATEWAY_SECRET": LONG,
    "SITE_BASE": "http://127.0.0.1:8000",
}


class Shape(CommonSettings, frozen=True, kw_only=True):
    """Settings with a secret and a number of their own."""

    own_secret: Secret
    rate: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Shape, {"SITE_BASE": "http://127.0.0.1"})

    message = str(caught.value)
    for name in ("DATABASE_URL", "NATS_URL", "REDIS_URL", "GATEWAY_SECRET", "OWN_SECRET"):
        assert f"{name} is missing" in message
    assert "SITE_BASE" not in message


def test_a_complete_environment_is_taken_over_with_its_defaults() -> None:
    settings = load(Shape, {**COMMON, "OWN_SECRET": LONG, "RATE": "20", "UNRELATED": "x"})

    assert (settings.rate, settings.listen_host) == (20, "127.0.0.1")
    assert settings.own_secret.reveal() == LONG


def test_the_bus_keeps_as_many_copies_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, object] = {}
    monkeypatch.setattr(service, "Bus", lambda _, **given: made.update(given))

    async def compose(_: Shape, __: service.Running) -> service.Parts:
        return service.Parts()

    toy = service.Service("toy", settings=Shape, compose=compose, package=Path())
    for told, copies in (({}, 1), ({"NATS_REPLICAS": "3"}, 3)):
        toy._bus(load(Shape, {**COMMON, "OWN_SECRET": LONG, **told}))
        assert made["replicas"] == copies


def test_a_secret_comes_from_a_file_as_well(tmp_path: Path) -> None:
    secret = tmp_path / "own"
    secret.write_text(f"{LONG}\n", encoding="utf-8")

    settings = load(Shape, {**COMMON, "OWN_SECRET_FILE": str(secret)})

    assert settings.own_secret.reveal() == LONG


def test_a_file_that_cannot_be_read_is_named_beside_what_is_missing(tmp_path: Path) -> None:
    environ = {**COMMON, "OWN_SECRET_FILE": str(tmp_path / "absent")}
    del environ["NATS_URL"]

    with pytest.raises(SettingsError) as caught:
        load(Shape, environ)

    assert "OWN_SECRET_FILE cannot be read" in str(caught.value)
    assert "NATS_URL is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("RATE", "fast", id="no number"),
        pytest.param("RATE", "0", id="out of range"),
        pytest.param("LISTEN_PORT", "70000", id="no port"),
    ],
)
def test_what_is_malformed_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(Shape, {**COMMON, "OWN_SECRET": "s3cret-value", name: value})

    assert name in str(caught.value)
    assert "s3cret-value" not in str(caught.value)
    assert value not in str(caught.value).replace("`int`", "")


def test_a_secret_shows_itself_to_nobody() -> None:
    settings = load(Shape, {**COMMON, "OWN_SECRET": "canary-value"})

    for shown in (repr(settings), str(settings), f"{settings.own_secret!s}", repr(COMMON.keys())):
        assert "canary-value" not in shown
        assert "hunter2" not in shown
    with pytest.raises((TypeError, msgspec.EncodeError)):
        msgspec.json.encode(settings)
