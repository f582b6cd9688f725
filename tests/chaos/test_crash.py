"""A crash point kills its process once, where and when it was asked to, and nowhere else."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.chassis.process import crash
from services.chassis.process.crash import Wanted, parse

LIVED = "lived"
PROGRAM = f"""
import sys
from services.chassis.process import crash
crash.arm(sys.argv[1], sys.argv[2], is_safe=sys.argv[3] == "safe")
for name in sys.argv[4:]:
    print(name, flush=True)
    crash.point(name)
print("{LIVED}", flush=True)
"""


def _run(service: str, spec: str, *points: str, mode: str = "safe") -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, service, spec, mode, *points],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("spec", "passed"),
    [
        pytest.param("outbox.after_publish", 2, id="the first time"),
        pytest.param("outbox.after_publish:2", 3, id="the second time"),
        pytest.param("pledges/outbox.after_publish", 2, id="in this service"),
        pytest.param("notify/outbox.after_publish", 4, id="in another service"),
        pytest.param("outbox.after_publish:3", 4, id="not so often"),
        pytest.param("mail.sent", 4, id="somewhere else"),
        pytest.param("", 4, id="nowhere"),
    ],
)
def test_it_dies_there_and_then(spec: str, passed: int) -> None:
    points = ["inbox.before_commit", "outbox.after_publish", "outbox.after_publish"]
    code, said = _run("pledges", spec, *points)

    dies = passed < 4
    assert code == (-signal.SIGKILL if dies else 0)
    assert said == [*points, LIVED][:passed]


def test_where_money_could_be_real_it_lives_and_says_so() -> None:
    code, said = _run("pledges", "mail.sent", "mail.sent", mode="production")

    assert (code, said[-1]) == (0, LIVED)
    assert crash.arm("pledges", "mail.sent", is_safe=False) is False
    assert crash.arm("pledges", "", is_safe=False) is True


def test_a_file_arms_it_once_for_everybody(tmp_path: Path) -> None:
    armed = tmp_path / "crash-at"
    armed.write_text("mail.sent:2\n")

    first = _run("notify", f"@{armed}", "mail.sent", "mail.sent", "mail.sent")
    second = _run("notify", f"@{armed}", "mail.sent", "mail.sent", "mail.sent")

    assert first[0] == -signal.SIGKILL
    assert len(first[1]) == 2
    assert not armed.exists()
    assert second[0] == 0


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("mail.sent", Wanted("mail.sent", None, 1)),
        ("notify/mail.sent:12", Wanted("mail.sent", "notify", 12)),
    ],
)
def test_a_wish_is_read(spec: str, wanted: Wanted) -> None:
    assert parse(spec) == wanted


@pytest.mark.parametrize("spec", ["mail", "mail.sent:0", "mail.sent:x", "a/b/c.d", "Mail.Sent"])
def test_what_is_no_wish_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="crash point"):
        parse(spec)
