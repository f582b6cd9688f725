"""Who gets which environment variable: each process its own, and nothing else of ours."""

import importlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from deploy.local.env_file import SettingsRefused, read_env_file
from deploy.local.layout import ROOT, SERVICES, DataDir, read_json, write_json
from deploy.local.permissions import OPERATOR
from deploy.local.ports import HOST
from services.checkout.domain.stripe_news import LISTED

ROLES = (*SERVICES, "sandbox")
SECRET_LENGTH_MIN = 32
VENDORS = ("STRIPE_", "RESEND_", "USPS_")
LIVE_KEYS = ("sk_live_", "rk_live_")
NATS_NODE = re.compile(r"nats(?:-\d+)?")

# Set for each process by ourselves, whatever the operator's environment says.
PER_PROCESS = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "LISTEN_HOST", "LISTEN_PORT")
SANDBOX = (
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "RESEND_API_KEY", "SITE_BASE"),
    "RESEND_WEBHOOK_SECRET",
    *("USPS_CLIENT_ID", "USPS_CLIENT_SECRET"),
)
# Where each of these leads, by its names: a test may put something in between.
LEADS_TO = {
    "DATABASE_URL": ("postgres",),
    "NATS_URL": ("nats",),
    "REDIS_URL": ("redis",),
    "STRIPE_API_BASE": ("stripe", "sandbox"),
    "RESEND_API_BASE": ("resend", "sandbox"),
    "USPS_API_BASE": ("usps", "sandbox"),
}
# What any program may need from the machine it runs on.
MACHINE = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZDIR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
)


@dataclass(frozen=True)
class Environment:
    """Every setting of one stack, the operator's before the defaults."""

    values: Mapping[str, str] = field(repr=False)
    ports: Mapping[str, int]
    uses_sandbox: bool
    through: Mapping[str, int] = field(default_factory=dict)
    """Ports by which services reach a part of the stack, instead of the part's own."""

    def of_service(self, service: str, *, port: int) -> dict[str, str]:
        """Return the environment of one service's process: what it needs, no more."""
        own = {name: self.values[name] for name in names_of(service) if self.values.get(name)}
        own["DATABASE_URL"] = self.database_url(service)
        own["NATS_URL"] = self.server_url("nats", service)
        own["REDIS_URL"] = self.server_url("redis", service)
        own |= {name: self._led(name, own[name]) for name in LEADS_TO if name in own}
        return {**machine(), **own, "LISTEN_HOST": HOST, "LISTEN_PORT": str(port)}

    def of_migration(self, service: str) -> dict[str, str]:
        """Return the environment of a migration: the owner's address, and no other secret."""
        return {
            **machine(),
            "MIGRATION_DATABASE_URL": self.values["DATABASE_URL"],
            "DATABASE_URL": self.database_url(service),
        }

    def of_sandbox(self, data: DataDir) -> dict[str, str]:
        """Return the sandbox's environment: the same keys, seen from the other side."""
        own = {name: self.values[name] for name in SANDBOX if self.values.get(name)}
        return {
            **machine(),
            **own,
            "LISTEN_HOST": HOST,
            "LISTEN_PORT": str(self.ports["sandbox"]),
            "SANDBOX_STATE": str(data.path / "sandbox" / "state.sqlite"),
            "SANDBOX_DATABASE_URL": self.database_url("sandbox"),
            "STRIPE_WEBHOOK_URL": f"{self.url_of('site')}/webhooks/stripe",
            "STRIPE_WEBHOOK_EVENTS": ",".join(LISTED),
            "RESEND_WEBHOOK_URL": f"{self.url_of('site')}/webhooks/resend",
        }

    def database_url(self, role: str) -> str:
        """Return the database as `role` sees it: the owner's address, an account of its own."""
        parts = urlsplit(self.values["DATABASE_URL"])
        address = parts.netloc.rpartition("@")[2]
        password = quote(self.values[f"POOL_{role.upper()}_PASSWORD"], safe="")
        return parts._replace(netloc=f"pool_{role}:{password}@{address}").geturl()

    def _led(self, name: str, url: str) -> str:
        """Return `url` as services shall see it."""
        ports = [self.through[part] for part in LEADS_TO[name] if part in self.through]
        if not ports:
            return url
        port, parts = ports[0], urlsplit(url)
        account, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{account}{at}{HOST}:{port}").geturl()

    def server_url(self, server: str, service: str) -> str:
        """Return the bus or Redis as `service` sees it; an operator's own has one account."""
        url = self.values[f"{server.upper()}_URL"]
        if server not in self.ports:
            return url
        login = f"{service}:{self.passwords_of(server)[service]}"
        nodes = [urlsplit(each) for each in url.split(",")]
        return ",".join(
            each._replace(netloc=f"{login}@{each.netloc.rpartition('@')[2]}").geturl()
            for each in nodes
        )

    def passwords_of(self, server: str) -> dict[str, str]:
        """Return every user's password at our own bus or Redis."""
        prefix = server.upper()
        services = {name: self.values[f"{prefix}_{name.upper()}_PASSWORD"] for name in SERVICES}
        return {OPERATOR: self.values[f"{prefix}_PASSWORD"], **services}

    def url_of(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"


@cache
def names_of(service: str) -> tuple[str, ...]:
    """Return the settings a service declares for itself: it is told these and no others."""
    declared = importlib.import_module(f"services.{service}.settings").Settings
    names = (field.name.upper() for field in msgspec.structs.fields(declared))
    return tuple(name for name in names if name not in PER_PROCESS)


@cache
def all_settings() -> frozenset[str]:
    """Return every name an operator may set; where our own processes listen is ours to say."""
    names = {name for service in SERVICES for name in names_of(service)}
    return frozenset({"DATABASE_URL", *names} - {f"{name.upper()}_URL" for name in SERVICES})


def machine() -> dict[str, str]:
    """Return what every process of ours starts from."""
    inherited = {name: os.environ[name] for name in MACHINE if name in os.environ}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


def operators_settings(data: DataDir) -> dict[str, str]:
    """Return what the operator set: the process's environment before the `.env` file.

    A value may stand in a file: `NAME_FILE` names it. Raises `SettingsRefused` for a
    live Stripe key.
    """
    given = {**read_env_file(data.env_file), **os.environ}
    settings = all_settings()
    found = {name: value for name, value in given.items() if value}
    for name, path in given.items():
        if name.endswith("_FILE") and path and name.removesuffix("_FILE") in settings:
            try:
                found[name.removesuffix("_FILE")] = Path(path).read_text("utf-8").strip()
            except OSError as exc:
                raise SettingsRefused(f"{name}: {path} cannot be read ({exc.strerror})") from exc
    if found.get("STRIPE_SECRET_KEY", "").startswith(LIVE_KEYS):
        raise SettingsRefused(
            "STRIPE_SECRET_KEY is a live key. `./pool up` is for development and trying out:"
            " use a test key, or none at all. In production run the containers."
        )
    return {name: value for name, value in found.items() if name in settings}


def assemble(
    data: DataDir,
    given: Mapping[str, str],
    ports: Mapping[str, int],
    through: Mapping[str, int] | None = None,
) -> Environment:
    """Return the stack's whole environment: what was given, before what fits a sandbox."""
    known = stack_secrets(data)
    site = f"http://{HOST}:{ports['site']}" if "site" in ports else ""
    values = {
        **{name: value for name, value in known.items() if not name.startswith(VENDORS)},
        **_servers(known, ports),
        "SITE_BASE": site,
        "CAMPAIGNS_DIR": str(data.campaigns),
        "MEDIA_CACHE_DIR": str(data.path / "pictures"),
        "PLATFORM_TIMEZONE": "America/Denver",
        **{
            f"{name.upper()}_URL": _where(name, ports)
            for name in SERVICES
            if name in ports and name != "site"
        },
    }
    values |= _vendors(given, known, f"http://{HOST}:{ports.get('sandbox', 0)}")
    values |= given
    uses_sandbox = needs_sandbox(given)
    values["POOL_MODE"] = "development" if uses_sandbox else "production"
    return Environment(values, ports, uses_sandbox, through or {})


def _where(service: str, ports: Mapping[str, int]) -> str:
    """Return where each process of a service answers, with commas."""
    own = [name for name in ports if name == service or name.startswith(f"{service}-")]
    asked = own if service == "checkout" else [service]
    return ",".join(f"http://{HOST}:{ports[name]}" for name in asked)


def needs_sandbox(given: Mapping[str, str]) -> bool:
    """Return whether somebody has to stand in for Stripe or for Resend."""
    return not (given.get("STRIPE_SECRET_KEY") and given.get("RESEND_API_KEY"))


def stack_secrets(data: DataDir) -> dict[str, str]:
    """Return this stack's own secrets, made once and kept."""
    path = data.file("secrets.json")
    known = {name: str(value) for name, value in read_json(path).items()}
    wanted = {
        **{f"POOL_{role.upper()}_PASSWORD": "" for role in ROLES},
        **{f"{at}_{name.upper()}_PASSWORD": "" for at in ("NATS", "REDIS") for name in SERVICES},
        **dict.fromkeys(("OWNER_PASSWORD", "NATS_PASSWORD", "REDIS_PASSWORD", "STACK_ID"), ""),
        **dict.fromkeys(("ADMIN_SECRET", "GATEWAY_SECRET"), ""),
        **dict.fromkeys(("MAGIC_LINK_SECRET", "CHECKOUT_INTENT_SECRET"), ""),
        "STRIPE_SECRET_KEY": "sk_test_",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_",
        "STRIPE_WEBHOOK_SECRET": "whsec_",
        "RESEND_API_KEY": "re_",
        "RESEND_WEBHOOK_SECRET": "whsec_",
        "USPS_CLIENT_ID": "usps_",
        "USPS_CLIENT_SECRET": "usps_",
    }
    missing = {
        name: prefix + secrets.token_hex(24) for name, prefix in wanted.items() if name not in known
    }
    if missing:
        known |= missing
        write_json(path, known)
    return known


def _servers(known: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    if "postgres" in ports:
        address = f"{HOST}:{ports['postgres']}/pool"
        found["DATABASE_URL"] = f"postgresql://pool:{known['OWNER_PASSWORD']}@{address}"
    if "nats" in ports:
        login = f"pool:{known['NATS_PASSWORD']}"
        nodes = [port for name, port in ports.items() if NATS_NODE.fullmatch(name)]
        found["NATS_URL"] = ",".join(f"nats://{login}@{HOST}:{port}" for port in nodes)
    if "redis" in ports:
        found["REDIS_URL"] = f"redis://:{known['REDIS_PASSWORD']}@{HOST}:{ports['redis']}/0"
    return found


def _vendors(given: Mapping[str, str], known: Mapping[str, str], sandbox: str) -> dict[str, str]:
    """Return what points the services at the sandbox, vendor by vendor.

    Real keys bring their own settings; made-up ones beside them would only look right.
    """
    values = {"RATE_LIMIT_SCALE": "100"} if needs_sandbox(given) else {}
    if not given.get("STRIPE_SECRET_KEY"):
        values |= {name: known[name] for name in known if name.startswith("STRIPE_")}
        values |= {
            "STRIPE_API_BASE": sandbox,
            "STRIPE_JS_URL": f"{sandbox}/stripe.js",
            # The sandbox has no limit of its own unless told so; this keeps ours away. The
            # account's budget at Stripe is for Stripe's own address, unless it is set.
            "SETTLEMENT_CHARGES_PER_SECOND": "100",
        }
    if not given.get("RESEND_API_KEY"):
        values |= {
            "RESEND_API_KEY": known["RESEND_API_KEY"],
            "RESEND_API_BASE": sandbox,
            "RESEND_WEBHOOK_SECRET": known["RESEND_WEBHOOK_SECRET"],
            "RESEND_REQUESTS_PER_SECOND": "0",
            "EMAIL_FROM": "The Pool <pledges@pool.example>",
        }
    # Where nobody else is played, nobody plays the carrier: then there are flat rates.
    if needs_sandbox(given) and not given.get("USPS_CLIENT_ID"):
        values |= {name: known[name] for name in known if name.startswith("USPS_")}
        values["USPS_API_BASE"] = sandbox
    return values
