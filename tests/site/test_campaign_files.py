"""What a campaign file may say, and how each mistake in it is named."""

from pathlib import Path

import pytest

from services.site.publishing.content import check_folder
from tests.site.files import TOP, a_file, assert_one_mistake, document, read, the_mistake


def test_the_shortest_file_is_a_campaign(tmp_path: Path) -> None:
    ferry = document(tmp_path, a_file())

    definition = ferry.definition
    assert (definition.slug, definition.title, definition.goal_cents) == (
        "ferry",
        "Ferry",
        2_500_000,
    )
    assert definition.starts_at.isoformat() == "2026-05-26T06:00:00+00:00"
    assert definition.deadline_at.isoformat() == "2026-07-27T06:00:00+00:00"
    assert definition.category == "Other"
    assert definition.creator_name == "The Pool"
    assert definition.stretch_hidden
    assert ferry.is_published
    assert ferry.is_listed


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        pytest.param("19.99", 1_999, id="a YAML float"),
        pytest.param('"19.99"', 1_999, id="quoted"),
        pytest.param("0.07", 7, id="cents that binary floats cannot hold"),
        pytest.param("4.35", 435, id="where a float times 100 gives 434.99999999999994"),
        pytest.param("20", 2_000, id="whole"),
        pytest.param("20.5", 2_050, id="one decimal"),
        pytest.param("20.500", 2_050, id="a nought too many says the same"),
        pytest.param("0", 0, id="nothing"),
        pytest.param("1000000", 100_000_000, id="the largest"),
    ],
)
def test_dollars_become_exact_cents(tmp_path: Path, written: str, cents: int) -> None:
    tiers = ["tiers:", "  - id: a", "    name: A", f"    price: {written}"]

    assert document(tmp_path, a_file(*tiers)).definition.tiers[0].price_cents == cents


TIER = ["tiers:", "  - id: a", "    name: A", "    price: 5"]


@pytest.mark.parametrize(
    ("more", "line", "field", "says"),
    [
        pytest.param(["colour: red"], 8, "colour", "not a field", id="unknown field"),
        pytest.param(["title: Again"], 8, "title", "written twice, first in line 3", id="twice"),
        pytest.param([*TIER, "    prize: 3"], 12, "tiers[0].prize", "not a field", id="in a list"),
        pytest.param([*TIER, "    price: 6"], 12, "tiers[0].price", "twice", id="twice in a list"),
        pytest.param(
            ["tiers:", "  - id: a", "    name: A"], 9, "tiers[0].price", "missing", id="no"
        ),
        pytest.param([*TIER[:3], "    price: 5.999"], 11, "tiers[0].price", "two decimals", id="d"),
        pytest.param(
            [*TIER[:3], "    price: -5"], 11, "tiers[0].price", "between 0", id="negative"
        ),
        pytest.param(
            [*TIER[:3], "    price: 1e3"], 11, "tiers[0].price", "not an amount", id="1e3"
        ),
        pytest.param([*TIER[:3], "    price: .nan"], 11, "tiers[0].price", "not an amount", id="n"),
        pytest.param(
            [*TIER[:3], "    price: [1]"], 11, "tiers[0].price", "single value", id="list"
        ),
        pytest.param([*TIER, *TIER[1:]], 12, "tiers[1].id", "“a” twice", id="one id, two tiers"),
        pytest.param(
            [*TIER, "    stackable: yes"], 12, "tiers[0].stackable", "true or f", id="yes"
        ),
        pytest.param(
            [*TIER, "    limit_total: 1.5"], 12, "tiers[0].limit_total", "whole", id="1.5"
        ),
        pytest.param(
            [*TIER, "    category: physical"], 9, "tiers[0].shipping_preset", "missing", id="ship"
        ),
        pytest.param(
            ["featured_tier_id: b", *TIER], 8, "featured_tier_id", "no tier", id="featured"
        ),
        pytest.param(["hero_image: ../secret.png"], 8, "hero_image", "neither a path", id="dots"),
        pytest.param(["hero_image: javascript:x"], 8, "hero_image", "neither a path", id="scheme"),
        pytest.param(["instagram: ftp://x.example"], 8, "instagram", "not an http", id="ftp"),
        pytest.param(["instagram: https://a:b@x.example"], 8, "instagram", "password", id="user"),
        pytest.param(["state: gone"], 8, "state", "none of", id="state"),
        pytest.param(["long_content: text"], 8, "long_content", "a list", id="no list"),
        pytest.param(
            ["long_content:", "  - type: html"], 9, "long_content[0].type", "none of", id="block"
        ),
        pytest.param(
            ["long_content:", "  - {type: embed, provider: youtube, src: 'https://evil.example'}"],
            9,
            "long_content[0].src",
            "must begin with",
            id="embed of somebody else",
        ),
        pytest.param(
            ["diary:", "  - {title: A, date: soon}"], 9, "diary[0].date", "neither", id="diary date"
        ),
        pytest.param(
            ["short_blurb: <script>x</script>"], 8, "short_blurb", "<script>", id="script"
        ),
        pytest.param(["short_blurb: '<b onclick=x>x</b>'"], 8, "short_blurb", "<b>", id="on…"),
        pytest.param(
            ["short_blurb: '[x](javascript:alert(1))'"], 8, "short_blurb", "the link", id="js link"
        ),
        pytest.param(["title2: &a x"], 8, "", "anchors", id="anchor"),
        pytest.param(["goal: : :"], 8, "", "not valid YAML", id="not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(
    tmp_path: Path, more: list[str], line: int, field: str, says: str
) -> None:
    assert_one_mistake(tmp_path, a_file(*more), line=line, field=field, says=says)


@pytest.mark.parametrize(
    ("number", "written", "says"),
    [
        pytest.param(1, "title:", "missing", id="no title"),
        pytest.param(2, "slug: The Ferry", "a–z", id="slug"),
        pytest.param(2, "slug: addon", "add-ons", id="slug of add-ons"),
        pytest.param(2, "slug: platform", "platform itself", id="slug of the platform"),
        pytest.param(3, "start_date: 26.05.2026", "not a date", id="date"),
        pytest.param(3, "start_date: 2026-02-30", "day is out of range", id="no such day"),
        pytest.param(4, "goal_deadline: 2026-05-25", "before start_date", id="ends before"),
        pytest.param(5, "goal_amount: a lot", "not an amount", id="goal"),
        pytest.param(0, "layout: post", "none of campaign", id="layout"),
    ],
)
def test_a_wrong_required_field_is_named(
    tmp_path: Path, number: int, written: str, says: str
) -> None:
    top = [*TOP[:number], written, *TOP[number + 1 :]]

    mistake = the_mistake(tmp_path, a_file(top=top))

    assert mistake.line == number + 2
    assert says in mistake.message


def test_every_mistake_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    found = read(tmp_path, a_file("colour: red", "hero_image: ..", *TIER[:3], "    price: x"))

    assert [each.field for each in found.mistakes] == ["colour", "hero_image", "tiers[0].price"]
    assert found.campaigns == ()


def test_a_mistake_in_a_long_text_is_named_in_its_own_line(tmp_path: Path) -> None:
    story = ["long_content:", "  - type: text", "    body: |", "      Fine.", "", "      <div>"]

    mistake = the_mistake(tmp_path, a_file(*story))

    assert (mistake.line, mistake.field) == (13, "long_content[0].body")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("Just words.\n", "no front matter", id="no front matter"),
        pytest.param("---\ntitle: x\n", "no front matter", id="never closed"),
        pytest.param("---\n---\n", "empty", id="empty"),
        pytest.param("---\n- a\n---\n", "names with values", id="a list"),
        pytest.param("---\n" + "a: " + "[" * 30 + "]" * 30 + "\n---\n", "deeply", id="nested"),
        pytest.param("---\na: " + "x" * 300_000 + "\n---\n", "larger than", id="too large"),
    ],
)
def test_what_is_no_campaign_file_is_said_so(tmp_path: Path, text: str, says: str) -> None:
    assert says in the_mistake(tmp_path, text).message


def test_bytes_that_are_no_text_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "ferry.md").write_bytes(b"---\ntitle: \xff\n---\n")

    assert "UTF-8" in check_folder(tmp_path)[0].message


def test_a_bad_file_hides_no_good_one(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("---\ntitle: x\n---\n")

    found = read(tmp_path, a_file())

    assert [each.document.slug for each in found.campaigns] == ["ferry"]
    assert {each.file for each in found.mistakes} == {"bad.md"}


def test_two_files_cannot_be_one_campaign(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(a_file())

    mistake = the_mistake(tmp_path, a_file())

    assert (mistake.file, mistake.field) == ("ferry.md", "slug")


def test_readmes_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# How it works\n")
    (tmp_path / "ferry.md").write_bytes(b"\xef\xbb\xbf" + a_file().replace("\n", "\r\n").encode())

    assert check_folder(tmp_path) == []
