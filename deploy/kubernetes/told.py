"""Can each process start from what an overlay tells it? Asked of the services' own settings."""

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from deploy.kubernetes import prepare
from deploy.kubernetes.render import Resource, containers_of, name_of, of_kind, pod_of
from deploy.kubernetes.rules import WORKLOADS, processes
from services.chassis import topology
from services.chassis.process.settings import MigrationSettings, SettingsError, load

MADE_UP = "made-up-for-the-check-alone-and-long-enough"
"""What stands for a secret: the check needs none of yours."""


def shape_of(arguments: list[str]) -> type[msgspec.Struct]:
    """Return the settings of what a container runs."""
    module, *role = arguments
    if role == ["migrate"]:
        return MigrationSettings
    if module == "services.chassis.topology":
        return topology.Settings
    found: type[msgspec.Struct] = importlib.import_module(f"{module}.settings").Settings
    return found


def fields(shape: type[msgspec.Struct]) -> set[str]:
    """Return the names of the variables a shape is filled from."""
    return {field.name.upper() for field in msgspec.structs.fields(shape)}


def environ_of(container: Resource, resources: list[Resource]) -> dict[str, str]:
    """Return the variables of a container."""
    maps = {each["metadata"]["name"]: each for each in of_kind(resources, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            found |= maps.get(source["configMapRef"]["name"], {}).get("data", {})
    return found | {each["name"]: each.get("value", "") for each in container.get("env", [])}


def can_start(resources: list[Resource]) -> Iterator[str]:
    """Each process and job finds what it needs, and every file it is named is in its Secret."""
    with tempfile.TemporaryDirectory() as folder:
        for each in [*processes(resources), *_migrations(resources)]:
            files = _files(each)
            for container in containers_of(each):
                environ = environ_of(container, resources)
                yield from _missing_files(each, container, environ, files)
                try:
                    load(shape_of(container["args"]), _made_up(environ, Path(folder)))
                except SettingsError as exc:
                    yield f"{name_of(each)}, {container['name']}: {exc}"


def names_are_known(resources: list[Resource]) -> Iterator[str]:
    """A setting that nobody reads is misspelt, or old."""
    runs = [*processes(resources), *_migrations(resources)]
    known = set().union(
        *(fields(shape_of(c["args"])) for each in runs for c in containers_of(each))
    )
    for each in runs:
        for container in containers_of(each):
            names = {name.removesuffix("_FILE") for name in environ_of(container, resources)}
            yield from (f"{name_of(each)}: nobody reads {name}" for name in sorted(names - known))


def names_of_the_site_agree(resources: list[Resource]) -> Iterator[str]:
    """The gateway listens to the name that people type."""
    bases = [each["data"].get("SITE_BASE") for each in of_kind(resources, "ConfigMap")]
    hosts = {urlsplit(each).hostname for each in bases if each}
    for each in of_kind(resources, "Gateway"):
        for listener in each["spec"]["listeners"]:
            if listener.get("hostname") not in hosts:
                yield f"{name_of(each)} listens to {listener.get('hostname')}, not to SITE_BASE"
    for each in of_kind(resources, "HTTPRoute"):
        yield from (
            f"{name_of(each)} is about {host}, not about SITE_BASE"
            for host in each["spec"]["hostnames"]
            if host not in hosts
        )


def _migrations(resources: list[Resource]) -> list[Resource]:
    return [e for e in of_kind(resources, "Job") if e["metadata"]["name"].startswith("migrate-")]


def _files(workload: Resource) -> dict[str, str]:
    """Return where each Secret's keys are mounted: path → Secret."""
    known = prepare.sources(is_sandbox=True)
    secrets = {
        volume["name"]: volume["secret"]["secretName"]
        for volume in pod_of(workload)["spec"].get("volumes", [])
        if "secret" in volume
    }
    mounts = containers_of(workload)[0].get("volumeMounts", [])
    return {
        f"{mount['mountPath']}/{key}": secrets[mount["name"]]
        for mount in mounts
        if mount["name"] in secrets
        for key in known.get(secrets[mount["name"]], {})
    }


def _missing_files(
    workload: Resource, container: Resource, environ: dict[str, str], files: dict[str, str]
) -> Iterator[str]:
    for name, value in environ.items():
        if name.endswith("_FILE") and value not in files:
            yield f"{name_of(workload)}, {container['name']}: no Secret brings {value}"


def _made_up(environ: dict[str, str], folder: Path) -> dict[str, Any]:
    """Return the environment with files that are there; what may be left out is empty."""
    (folder / "secret").write_text(MADE_UP, encoding="ascii")
    (folder / "empty").write_text("", encoding="ascii")
    keys = [item for each in prepare.sources(is_sandbox=True).values() for item in each.items()]
    left_out = {f"{key}_FILE" for key, source in keys if not source}
    return {
        name: str(folder / ("empty" if name in left_out else "secret"))
        if name.endswith("_FILE")
        else value
        for name, value in environ.items()
    }


def secrets_are_known(resources: list[Resource]) -> Iterator[str]:
    """A Secret that a pod names is made by `prepare`, and by the store where there is one."""
    known = {
        *prepare.sources(is_sandbox=True),
        "nats-passwords",
        "valkey-passwords",
        "postgres-owner",
    }
    stored = {each["spec"]["target"]["name"] for each in of_kind(resources, "ExternalSecret")}
    for each in of_kind(resources, *WORKLOADS):
        volumes = pod_of(each)["spec"].get("volumes", [])
        named = [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
        for container in containers_of(each):
            sources = container.get("envFrom", [])
            named += [source["secretRef"]["name"] for source in sources if "secretRef" in source]
        for name in named:
            if name not in known or (stored and name not in stored):
                yield f"{name_of(each)}: nobody makes the Secret {name}"


RULES = (can_start, names_are_known, names_of_the_site_agree, secrets_are_known)
