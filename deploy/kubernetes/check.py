"""Is an overlay what a cluster would take, and what the platform needs? Without a cluster.

python -m deploy.kubernetes.check [OVERLAY…]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.kubernetes import rules, scaling, schemas, told
from deploy.kubernetes.render import (
    FOLDER,
    OVERLAYS,
    RenderFault,
    Resource,
    containers_of,
    name_of,
    of_kind,
    render,
)

PLACEHOLDERS = ("pool.example", "registry.example", "pk_live_example")
ALL = (*rules.RULES, *scaling.RULES, *told.RULES)


def faults(resources: list[Resource]) -> Iterator[str]:
    """Yield everything that is wrong with a rendered overlay."""
    wrong = [fault for each in resources for fault in schemas.faults(each)]
    yield from wrong
    # The rules read fields whose shape the schemas have vouched for.
    if not wrong:
        for rule in ALL:
            yield from rule(resources)


def placeholders(resources: list[Resource]) -> Iterator[str]:
    """Yield where one of our made-up names was left in your overlay."""
    for each in resources:
        text = str(each)
        yield from (f"{name_of(each)} still says {name}" for name in PLACEHOLDERS if name in text)


def main(arguments: list[str]) -> int:
    """Check the named overlays, or our own; 1 when something is wrong, each on its line."""
    is_ours = not arguments
    paths = [Path(each) for each in arguments] or [FOLDER / "overlays" / name for name in OVERLAYS]
    found = 0
    for path in paths:
        try:
            resources = render(path)
        except RenderFault as exc:
            print(f"{path}: {exc}")
            found += 1
            continue
        wrong = [*faults(resources), *([] if is_ours else placeholders(resources))]
        print(*(f"{path}: {fault}" for fault in wrong), sep="\n", end="\n" if wrong else "")
        images = {
            c["image"] for w in of_kind(resources, *rules.WORKLOADS) for c in containers_of(w)
        }
        print(f"{path}: {len(resources)} resources, {len(images)} images, {len(wrong)} faults")
        found += len(wrong)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
