"""The gallery: every approved letter is one that a mail service takes."""

from click.testing import CliRunner

from deploy.local.cli.letters import APPROVED, approved, email
from deploy.sandbox.mails import checked
from tests.notify.samples import SAMPLES


def test_every_sample_is_in_the_gallery_in_both_languages() -> None:
    letters = approved(None, None)

    shown = {each["to"].removesuffix("@gallery.example") for each in letters}
    assert shown == {f"{name}.{language}" for name in SAMPLES for language in ("en", "es")}
    assert len({path.stem for path in APPROVED.glob("*.html")}) == len(letters)


def test_a_letter_comes_with_all_its_states_and_is_taken_as_it_is() -> None:
    letters = approved("milestone", "es")

    assert [each["to"].split(".")[0] for each in letters] == [
        "milestone_goal",
        "milestone_stretch",
        "milestone_third",
        "milestone_two_thirds",
    ]
    for each in letters:
        kept = checked(each, is_in_batch=True)
        assert kept["subject"].endswith(" | Nine Bridges North")
        assert not kept["text"].startswith("Subject")


def test_an_unknown_letter_is_refused_with_the_names_there_are() -> None:
    result = CliRunner().invoke(email, ["preview", "nonsense"])

    assert result.exit_code == 2
    assert "pledge_confirmed" in result.output
