"""The overlays as Kustomize renders them, once a session, and copies to break things in."""

import copy
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from deploy.kubernetes.render import FOLDER, Resource, render


@cache
def _rendered(overlay: str) -> tuple[Resource, ...]:
    return tuple(render(FOLDER / "overlays" / overlay))


def rendered(overlay: str) -> list[Resource]:
    """Return an overlay's resources, free to be changed."""
    return copy.deepcopy(list(_rendered(overlay)))


def named(resources: list[Resource], kind: str, name: str) -> Resource:
    """Return the one resource of that kind and name, a generated suffix left out."""
    (found,) = [
        each
        for each in resources
        if each["kind"] == kind
        and (each["metadata"]["name"] == name or each["metadata"]["name"].startswith(f"{name}-"))
        and not (kind != "ConfigMap" and each["metadata"]["name"] != name)
    ]
    return found


def container(resources: list[Resource], deployment: str) -> Resource:
    """Return a Deployment's only container."""
    (found,) = named(resources, "Deployment", deployment)["spec"]["template"]["spec"]["containers"]
    return dict(found) if found is None else found


def broken(overlay: str, mistake: Callable[[list[Resource]], Any]) -> list[Resource]:
    """Return an overlay with one mistake planted in it."""
    resources = rendered(overlay)
    mistake(resources)
    assert resources != rendered(overlay), "the mistake changes nothing"
    return resources


def own_copy(folder: Path) -> Path:
    """Copy the manifests, as an operator does; return the production overlay of the copy."""
    target = folder / "kubernetes"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.py", "__pycache__", "secrets"))
    return target / "overlays" / "production"
