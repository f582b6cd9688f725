"""The samples' dates are near the day a stack starts for the first time."""

from datetime import date
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from deploy.local import campaigns_copy
from deploy.local.campaigns_copy import copy, ensure, fill, has_placeholders

TODAY = date(2026, 2, 27)
SAMPLE = """---
title: One Roll
start_date: {{ today-30d }}
goal_deadline: "{{ today+3d }}"
diary:
  - date: {{ today }}
---
In the text, {{ today+1d }} stays.
"""


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "wide.webp").write_bytes(b"picture")
    (folder / "one-roll.md").write_text(SAMPLE)
    (folder / "platform.yml").write_text("timezone: Pacific/Kiritimati\nsince: {{ today-1d }}\n")
    (folder / "artwork.py").write_text("# makes the pictures\n")
    return folder


def test_dates_are_filled_in_across_months_and_only_in_the_front_matter() -> None:
    text = fill(SAMPLE, ".md", TODAY)

    assert "start_date: 2026-01-28\n" in text
    assert 'goal_deadline: "2026-03-02"\n' in text
    assert "  - date: 2026-02-27\n" in text
    assert "In the text, {{ today+1d }} stays." in text
    assert len(text.splitlines()) == len(SAMPLE.splitlines())


@pytest.mark.parametrize("text", ["{{ tomorrow }}", "{{ today+1w }}", "{{ today + }}"])
def test_what_is_no_placeholder_is_left_for_the_check_to_name(text: str) -> None:
    assert fill(f"---\nstart_date: {text}\n---\n", ".md", TODAY).count(text) == 1


def test_a_copy_holds_content_and_no_program(samples: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    copy(samples, target, TODAY)

    files = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert files == ["media/wide.webp", "one-roll.md", "platform.yml"]
    assert has_placeholders(samples)
    assert not has_placeholders(tmp_path)


def test_the_copy_is_a_git_repository_made_once(samples: Path, tmp_path: Path) -> None:
    target = ensure(tmp_path / "campaigns", source=samples)
    (target / "one-roll.md").write_text("edited by a person")

    ensure(target, source=samples)

    assert (target / "one-roll.md").read_text() == "edited by a person"
    with Repo(str(target)) as repository:
        assert len(list(repository.get_walker())) == 1
        tracked = sorted(repository.open_index())
    assert tracked == [b"media/wide.webp", b"one-roll.md", b"platform.yml"]
    assert porcelain.status(str(target)).unstaged == [b"one-roll.md"]


def test_today_is_the_platforms_today(samples: Path, tmp_path: Path) -> None:
    # Kiritimati is a day ahead of Pago Pago for most of every day, always at least one.
    ahead = ensure(tmp_path / "ahead", source=samples)
    behind = ensure(tmp_path / "behind", source=samples, zone="Pacific/Pago_Pago")

    assert (ahead / "platform.yml").read_text() > (behind / "platform.yml").read_text()


def test_no_samples_make_an_empty_repository(tmp_path: Path) -> None:
    target = ensure(tmp_path / "campaigns", source=tmp_path / "nowhere")

    assert [path.name for path in target.iterdir()] == [".git"]


def test_the_repositorys_own_samples_are_where_they_are_looked_for() -> None:
    assert campaigns_copy.SAMPLES.name == "campaigns"
