"""Campaign files in a test's own folder, and what is read from them."""

from pathlib import Path

from services.site.publishing.content import Folder, read_folder
from services.site.publishing.model import CampaignDocument, Mistake

TOP = [
    "layout: campaign",
    "title: Ferry",
    "slug: ferry",
    "start_date: 2026-05-26",
    "goal_deadline: 2026-07-26",
    "goal_amount: 25000",
]


def a_file(*more: str, top: list[str] | None = None, body: str = "") -> str:
    return "\n".join(["---", *(TOP if top is None else top), *more, "---", body])


def read(folder: Path, text: str, name: str = "ferry.md") -> Folder:
    (folder / name).write_text(text, encoding="utf-8")
    return read_folder(folder)


def the_mistake(folder: Path, text: str) -> Mistake:
    mistakes = read(folder, text).mistakes
    assert len(mistakes) == 1, mistakes
    return mistakes[0]


def assert_one_mistake(folder: Path, text: str, *, line: int, field: str, says: str) -> None:
    """Fail unless a file has this one mistake, named where it is."""
    mistake = the_mistake(folder, text)
    assert (mistake.file, mistake.line, mistake.field) == ("ferry.md", line, field)
    assert says in mistake.message


def document(folder: Path, text: str) -> CampaignDocument:
    found = read(folder, text)
    assert found.mistakes == ()
    return found.campaigns[0].document
