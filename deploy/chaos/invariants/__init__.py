"""What must be true, one file of SQL each, run by the owner over all five schemas.

A file opens with `-- I-n: the rule in words` and `-- holds: always` or `at rest`. Its
statement returns a row for each place where the rule is broken: `what` is wrong there, in
words, and the ids as `evidence`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent
HEADER = re.compile(
    r"-- (?P<invariant>I-\d+): (?P<says>.*?)\n-- holds: (?P<holds>always|at rest)\n", re.DOTALL
)

# Tables that are filled from what the sandbox says; without one these rules cannot be asked.
FROM_OUTSIDE = ("stripe_intents", "stripe_sessions", "stripe_refunds", "inbox_mails")


@dataclass(frozen=True)
class Rule:
    """One statement that returns nothing when all is well."""

    name: str
    invariant: str
    says: str
    holds: Literal["always", "at rest"]
    sql: str

    @property
    def asks_outside(self) -> bool:
        """Tell whether it compares with what Stripe or the inbox has."""
        return any(table in self.sql for table in FROM_OUTSIDE)


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the invariants."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.sql")))


def _read(path: Path) -> Rule:
    text = path.read_text(encoding="utf-8")
    header = HEADER.match(text)
    assert header, f"{path.name} does not say which invariant it is and when it holds"
    return Rule(
        name=path.stem,
        invariant=header["invariant"],
        says=header["says"].replace("\n-- ", " "),
        holds="always" if header["holds"] == "always" else "at rest",
        sql=text,
    )
