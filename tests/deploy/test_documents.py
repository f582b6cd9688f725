"""Pages: every link leads somewhere, what is made from code is today's, the site builds alone."""

import json
import re
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.local.layout import ROOT
from deploy.reference import commands, documents, parts, settings

FOREIGN = re.compile(
    r"""(?:src|srcset|data-src)=["']?(?:https?:)?//|<link[^>]+href=["']?(?:https?:)?//"""
)


def test_every_link_leads_somewhere() -> None:
    found = documents.pages()

    assert {Path("README.md"), Path("docs/operators.md"), Path("SECURITY.md")} <= set(found)
    assert list(documents.broken(ROOT, found)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# One\n\n## Two `x` and [three](b.md)\n\n[one](b.md) [two](#two-x-and-three)\n"
        "[three](b.md#four)\n"
        "[five](c.md) ![six](d.png) [seven](#eight) [out](../x.md) [web](https://x.test/y)\n"
        "`[code](nowhere.md)`\n\n```\n[fence](nowhere.md)\n# Not a heading\n```\n"
    )
    (tmp_path / "b.md").write_text("# Nine\n")
    (tmp_path.parent / "x.md").write_text("outside of it")

    found = list(documents.broken(tmp_path, [Path("a.md"), Path("b.md")]))

    assert found == [
        "a.md: b.md#four names no heading of that page",
        "a.md: c.md is not there",
        "a.md: d.png is not there",
        "a.md: #eight names no heading of that page",
        "a.md: ../x.md is not there",
    ]


@pytest.mark.parametrize("module", [settings, commands], ids=["settings", "commands"])
def test_a_reference_page_is_what_the_code_says_today(module: object) -> None:
    page: Path = module.PAGE  # type: ignore[attr-defined]

    assert page.read_text(encoding="utf-8") == module.text(), "run `python -m deploy.reference`"  # type: ignore[attr-defined]


def test_every_setting_is_explained_and_every_explanation_is_of_one() -> None:
    told = {each.name: each for each in settings.explained()}
    read = settings.readers()

    assert set(read) - set(told) == set()
    assert [each.name for each in told.values() if not each.says] == []
    assert set(told) - set(read) <= {"POOL_PYTHON"}


def test_what_is_shipped_may_be() -> None:
    found = parts.shipped()

    assert {"litestar", "asyncpg", "stripe", "nats-py"} <= {each.name for each in found}
    assert [each for each in found if not parts.is_permissive(each.licence)] == []
    assert [each.name for each in found if not each.sha256] == []
    for _, _, path, _ in parts.SHIPPED_FILES:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    ("licence", "may_be"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("AGPL-3.0", False),
        ("LGPL-3.0-or-later", False),
        ("", False),
        ("something of our own", False),
    ],
)
def test_which_licences_let_us_ship(licence: str, may_be: bool) -> None:
    assert parts.is_permissive(licence) is may_be


def test_every_vendored_file_has_its_licence_on_the_page() -> None:
    licences = {
        str(path.relative_to(ROOT))
        for pattern in ("*LICENSE*", "*OFL*")
        for path in (ROOT / "services").rglob(pattern)
    }

    assert licences == {path for _, _, path, _ in parts.SHIPPED_FILES}


def test_the_list_of_parts_is_the_locks_and_valid() -> None:
    assert parts.PAGE.read_text(encoding="utf-8") == parts.text(), (
        "run `python -m deploy.reference`"
    )
    text = parts.LIST.read_text(encoding="utf-8")
    assert text == parts.bom(), "run `python -m deploy.reference`"
    validator = JsonStrictValidator(SchemaVersion.V1_6)

    assert validator.validate_str(text) is None
    broken = json.loads(text)
    broken["components"][0]["type"] = "librairy"
    assert validator.validate_str(json.dumps(broken)) is not None
    assert {each["name"] for each in json.loads(text)["components"]} == {
        each.name for each in parts.shipped()
    }


def test_the_site_builds_without_the_network_and_asks_nobody(tmp_path: Path) -> None:
    built = documents.build(tmp_path)
    pages = {path.relative_to(built): path.read_text("utf-8") for path in built.rglob("*.html")}
    navigation = list(documents.listed_in(documents.navigation()))

    assert len(pages) >= len(documents.pages())
    assert (built / "index.html").exists()
    for name in navigation:
        assert (tmp_path / "pages" / name).exists(), name
        html = Path("index.html") if name == "README.md" else Path(name).with_suffix(".html")
        html = html.with_name("index.html") if html.name == "README.html" else html
        assert html in pages, name
    assert [str(name) for name, text in pages.items() if FOREIGN.search(text)] == []
