"""Settings: a frozen Struct filled from the environment, all faults named at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

SECRET_LENGTH_MIN = 32


class SettingsError(Exception):
    """The environment does not describe a service that could run."""


class Secret:
    """A value that never shows itself: not in logs, not in errors, not in a repr."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself, at the one place that needs it."""
        return self._value

    def bytes(self) -> bytes:
        """Return the value as key material."""
        return self._value.encode()

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"


class OwnSecret(Secret):
    """A secret that we make ourselves, and so long enough. A vendor's keys are the vendor's."""

    __slots__ = ()


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service needs. Each adds its own names to these."""

    database_url: Secret
    nats_url: Secret
    redis_url: Secret
    gateway_secret: OwnSecret
    site_base: str
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    # Copies of each message at the bus: 3 where three nodes of NATS are a cluster.
    nats_replicas: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    platform_timezone: str = "America/Denver"
    log_level: str = "INFO"
    # Where an OpenTelemetry collector takes traces (OTLP over HTTP). Empty: nothing is traced.
    otel_exporter_otlp_endpoint: str = ""
    # How many of the requests that begin here are traced: 1 is all.
    traces_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    # Development: no real money or mail is near. Then a process may be told where to die.
    pool_mode: Literal["production", "development"] = "production"
    pool_crash_at: str = ""

    def problems(self) -> list[str]:
        """Return what is wrong with values that are each right by themselves."""
        return []


def configured(settings: CommonSettings) -> dict[str, bool]:
    """Return for each secret whether it was set; never what it is."""
    named = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return {name.upper(): bool(value) for name, value in named.items() if isinstance(value, Secret)}


class MigrationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What `migrate` needs, and nothing of what the service itself is trusted with."""

    migration_database_url: Secret
    # Names the role that the service will log in with, and its password.
    database_url: Secret
    log_level: str = "INFO"


def load(shape: type[T], environ: Mapping[str, str] = os.environ) -> T:
    """Return `shape` filled from the environment.

    A field `stripe_secret_key` is read from `STRIPE_SECRET_KEY`, or from the file that
    `STRIPE_SECRET_KEY_FILE` names. Raises `SettingsError` naming everything that is
    missing, malformed or too short to be a secret, never a value.
    """
    found: dict[str, str] = {}
    faults: list[str] = []
    for field in msgspec.structs.fields(shape):
        name = field.name.upper()
        try:
            value = _read(name, environ)
        except OSError as exc:
            faults.append(f"{name}_FILE cannot be read ({exc.strerror})")
            continue
        if value is not None:
            found[field.name] = value
            # Empty has a meaning of its own where a secret may be left out.
            if field.type is OwnSecret and 0 < len(value.encode()) < SECRET_LENGTH_MIN:
                faults.append(f"{name} is shorter than {SECRET_LENGTH_MIN} bytes")
        elif field.required:
            faults.append(f"{name} is missing")
    if faults:
        raise SettingsError("; ".join(faults))
    try:
        settings = msgspec.convert(found, shape, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as exc:
        raise SettingsError(_without_value(exc)) from None
    if isinstance(settings, CommonSettings) and (problems := settings.problems()):
        raise SettingsError("; ".join(problems))
    return settings


def _read(name: str, environ: Mapping[str, str]) -> str | None:
    path = environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(name)


def _decode(wanted: type, value: Any) -> Any:
    if issubclass(wanted, Secret):
        return wanted(str(value))
    raise NotImplementedError(f"no setting can be a {wanted.__name__}")


def _without_value(exc: msgspec.ValidationError) -> str:
    """Say which name is wrong and how, in the environment's spelling."""
    problem, _, path = str(exc).partition(" - at `$.")
    return f"{path.rstrip('`').upper() or 'the environment'}: {problem}"
