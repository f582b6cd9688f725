"""What the platform is made of that others wrote: a page for people, a CycloneDX list for tools.

python -m deploy.reference.parts writes THIRD_PARTY.md and docs/reference/parts.cdx.json anew.
"""

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from typing import Any

import msgspec
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from deploy.local.layout import ROOT

PAGE = ROOT / "THIRD_PARTY.md"
LIST = ROOT / "docs" / "reference" / "parts.cdx.json"
OURS = "the-pool"
# What packages write in their own words, as the list of licences spells it.
SPELT = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License Version 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "ISC License (ISCL)": "ISC",
    "ISC License": "ISC",
    "ISC license": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# What another Python or system needs and this one has not: said by each package's own page.
OF_OTHER_MACHINES = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause"}
PERMISSIVE = re.compile(
    r"(?:MIT|MIT-CMU|MIT-0|Apache-2\.0|BSD-[23]-Clause|ISC|0BSD|PSF-2\.0|MPL-2\.0|OFL-1\.1"
    r"|Unlicense|Python-2\.0|CNRI-Python|Zlib|HPND)"
)
"""What may be shipped. MPL-2.0: files of others, unchanged."""

SHIPPED_FILES = (
    ("uPlot", "MIT", "services/site/static/vendor/uplot/uplot-LICENSE.txt", "charts"),
    ("Lucide", "ISC", "services/site/static/icons/lucide-LICENSE.txt", "icons"),
    ("Newsreader", "OFL-1.1", "services/site/static/fonts/newsreader-OFL.txt", "a typeface"),
    (
        "Instrument Sans",
        "OFL-1.1",
        "services/site/static/fonts/instrument-sans-OFL.txt",
        "a typeface",
    ),
)


class Part(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One locked package."""

    name: str
    version: str
    licence: str
    sha256: str


@cache
def _locked() -> dict[str, dict[str, Any]]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    # Where two versions are locked, for old and new Pythons, the newest is meant.
    return {each["name"]: each for each in sorted(lock["package"], key=lambda e: e["version"])}


def shipped() -> list[Part]:
    """Return every package that a running service has: ours, what that needs, and so on."""
    wanted = [each["name"] for each in _locked()[OURS]["dependencies"]]
    seen: dict[str, Part] = {}
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        package = _locked()[name]
        files = [package.get("sdist"), *package.get("wheels", [])]
        digest = next((f["hash"].removeprefix("sha256:") for f in files if f), "")
        licence = licence_of(name)
        seen[name] = Part(name=name, version=package["version"], licence=licence, sha256=digest)
        wanted += [each["name"] for each in package.get("dependencies", [])]
    return sorted(seen.values())


def licence_of(name: str) -> str:
    """Return a package's licence; empty when it does not say, or is not for this machine."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return OF_OTHER_MACHINES.get(name, "")
    kinds = [each for each in said.get_all("Classifier") or [] if each.startswith("License ::")]
    words = [
        _field(said, "License-Expression"),
        _field(said, "License").strip().partition("\n")[0],
        *(each.rpartition(" :: ")[2] for each in kinds),
    ]
    named = [SPELT.get(each, each) for each in words if each]
    return next((each for each in named if is_permissive(each)), named[0] if named else "")


def _field(said: PackageMetadata, name: str) -> str:
    # `get` is not among what its type promises.
    return next(iter(said.get_all(name) or []), "")


def is_permissive(licence: str) -> bool:
    """Tell whether each of the licences, or one of those to choose from, lets us ship it."""
    choices = re.split(r"\s+OR\s+", licence.strip("() "))
    return any(
        all(PERMISSIVE.fullmatch(each.strip("() ")) for each in re.split(r"\s+AND\s+", choice))
        for choice in choices
        if choice
    )


def text() -> str:
    """Return the page."""
    lines = [
        "# What others wrote",
        "",
        "The Pool is Apache-2.0. What it ships beside its own code, all under licences that allow"
        " it; [the same for tools](docs/reference/parts.cdx.json) is CycloneDX. Made by"
        " `python -m deploy.reference.parts` from the lock.",
        "",
        "## In the image",
        "",
        "| package | version | licence |",
        "| --- | --- | --- |",
        *(f"| {each.name} | {each.version} | {each.licence} |" for each in shipped()),
        "",
        "## In our own folders",
        "",
        "| what | licence | for |",
        "| --- | --- | --- |",
        *(
            f"| {name} | [{licence}]({path}) | {use} |"
            for name, licence, path, use in SHIPPED_FILES
        ),
        "",
        "## Run beside it, and not shipped",
        "",
        "PostgreSQL (PostgreSQL), NATS Server (Apache-2.0), Valkey (BSD-3-Clause), Caddy"
        " (Apache-2.0) and Prometheus (Apache-2.0); Grafana (AGPL-3.0) only if you choose the"
        " profile `observe`."
        " Tools that try the platform out are locked as development groups in `pyproject.toml` and"
        " are in no image.",
    ]
    return "\n".join(lines) + "\n"


def bom() -> str:
    """Return the list as CycloneDX 1.6: of what is locked, so the same on every machine."""
    made = Bom()
    made.metadata.component = Component(
        name=OURS,
        version=_locked()[OURS]["version"],
        type=ComponentType.APPLICATION,
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
        bom_ref=OURS,
    )
    parts = {part.name: _component(part) for part in shipped()}
    made.components.update(parts.values())
    made.register_dependency(made.metadata.component, _needed(OURS, parts))
    for name, component in parts.items():
        made.register_dependency(component, _needed(name, parts))
    document: dict[str, Any] = msgspec.json.decode(JsonV1Dot6(made).output_as_string())
    # When and under which number it was made would differ each time; the lock says what is in it.
    document.pop("serialNumber", None)
    document.get("metadata", {}).pop("timestamp", None)
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _component(part: Part) -> Component:
    return Component(
        name=part.name,
        version=part.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", None, part.name, part.version),
        bom_ref=f"pkg:pypi/{part.name}@{part.version}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)],
        licenses=[LicenseExpression(part.licence)],
    )


def _needed(name: str, parts: dict[str, Component]) -> list[Component]:
    return [parts[each["name"]] for each in _locked()[name].get("dependencies", [])]


def main() -> int:
    """Write both files."""
    PAGE.write_text(text(), encoding="utf-8")
    LIST.write_text(bom(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
