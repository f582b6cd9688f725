"""Is each resource what Kubernetes and the operators beside it accept, to the letter?

Kubernetes' own kinds by its published schemas, strict: an unknown field is a fault. Those of
KEDA, CloudNativePG, the Gateway API and External Secrets by our own, which know just the fields
we use and close every object: what is misspelt, or a number where a string belongs, is found.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from kubernetes_validate.utils import schema_contents
from referencing import Registry
from referencing import Resource as Resolvable

from deploy.kubernetes.render import Resource, name_of

OURS = Path(__file__).parent / "schemas"
VERSIONS = ("1.33", "1.37")
"""The oldest cluster we say it runs on, and the newest whose schemas are here."""


def faults(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource, each with its place."""
    if "apiVersion" not in resource or "kind" not in resource:
        yield f"{name_of(resource)}: apiVersion and kind are missing"
        return
    validator = _ours(resource["kind"])
    if validator is not None and validator.is_about(resource):
        yield from validator.faults(resource)
        return
    for version in VERSIONS:
        theirs = _theirs(version, resource["kind"], resource["apiVersion"])
        if theirs is None:
            yield f"{name_of(resource)} ({version}): no schema knows {resource['apiVersion']}"
            continue
        for error in theirs.iter_errors(resource):
            yield f"{name_of(resource)} ({version}): {_place(error)}: {error.message}"


class Ours:
    """A schema of this folder."""

    def __init__(self, path: Path) -> None:
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        self._api_version = schema["properties"]["apiVersion"]["const"]
        self._validator = jsonschema.Draft202012Validator(schema)

    def is_about(self, resource: Resource) -> bool:
        """Tell whether the resource is of this schema's group."""
        group = self._api_version.partition("/")[0]
        return bool(resource["apiVersion"].partition("/")[0] == group)

    def faults(self, resource: Resource) -> Iterator[str]:
        """Yield every fault, not only the first."""
        for error in self._validator.iter_errors(resource):
            yield f"{name_of(resource)}: {_place(error)}: {error.message}"


def _place(error: jsonschema.ValidationError) -> str:
    return "/".join(map(str, error.absolute_path)) or "."


@cache
def _theirs(version: str, kind: str, api_version: str) -> jsonschema.Draft202012Validator | None:
    """Return Kubernetes' validator of a kind, kept: the definitions are megabytes."""
    group, _, number = api_version.rpartition("/")
    short = "-".join(filter(None, [group.partition(".")[0], number]))
    schema = _published(version, f"{kind.lower()}-{short}.json")
    if schema is None:
        return None
    definitions = Resolvable.from_contents(_published(version, "_definitions.json"))
    registry = definitions @ (Resolvable.from_contents(schema) @ Registry())
    return jsonschema.Draft202012Validator(schema, registry=registry)


@cache
def _published(version: str, name: str) -> Any:
    try:
        return schema_contents(f"kubernetes-json-schema/v{version}.0-local-strict/{name}", version)
    except FileNotFoundError:
        return None


@cache
def _ours(kind: str) -> Ours | None:
    path = OURS / f"{kind}.json"
    return Ours(path) if path.exists() else None
