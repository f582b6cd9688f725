"""Somebody who has only the page makes an overlay of their own, or forgets one of the names."""

import re
from pathlib import Path

import pytest

from deploy.kubernetes import check
from deploy.kubernetes.render import FOLDER
from tests.deploy.manifests import own_copy

THEIRS = {
    "pool.example": "films.stranger.test",
    "registry.example": "images.stranger.test",
    "pk_live_example": "pk_live_51strangers",
}


def written_in(folder: Path, names: dict[str, str]) -> Path:
    """Do what the page says: copy the folder, put one's own names in place of some."""
    overlay = own_copy(folder)
    for path in overlay.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for ours, theirs in names.items():
            text = text.replace(ours, theirs)
        path.write_text(text, encoding="utf-8")
    return overlay


def test_the_page_names_each_name_that_is_to_be_replaced() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    step = re.search(r"\*\*1\. Your overlay\.\*\*.*?(?=\*\*2\.)", page, re.DOTALL)

    assert step is not None
    assert set(THEIRS) == set(check.PLACEHOLDERS)
    assert [name for name in THEIRS if f"`{name}`" not in step[0]] == []
    assert "cp -r deploy/kubernetes/overlays/production" in step[0]


def test_who_replaced_every_name_has_an_overlay_without_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = check.main([str(written_in(tmp_path, THEIRS))])

    assert found == 0, capsys.readouterr().out


@pytest.mark.parametrize("forgotten", THEIRS)
def test_who_forgot_one_name_is_told_which(
    forgotten: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {ours: theirs for ours, theirs in THEIRS.items() if ours != forgotten}

    found = check.main([str(written_in(tmp_path, names))])
    said = capsys.readouterr().out

    assert found == 1
    assert f"still says {forgotten}" in said
    assert [name for name in names if f"still says {name}" in said] == []
