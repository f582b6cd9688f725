"""Writes docs/proof-input.md from the cases: python -m tests.hostile.table"""

from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.corpus import CASES, GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "proof-input.md"
OPENING = """# What hostile input is answered

Every row is sent to the running platform, byte for byte as named, and must be answered with
exactly this status and this machine code (`tests/hostile/`). No row is answered with a 5xx.
`$NAME` stands for what the platform under test calls it, `$TOKEN` for a good link.
Every answer, of whatever status, carries the security headers and tells nothing of our inside.

Made by `python -m tests.hostile.table`; a test fails when this page and the cases differ.
"""


def page() -> str:
    """Return the whole page."""
    parts = [OPENING, f"{len(CASES)} requests in {len(GROUPS)} groups.\n"]
    for title, cases in GROUPS:
        rows = "\n".join(_row(case) for case in cases)
        parts.append(
            f"## {title}\n\n| sent | to | status | code |\n| --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)


def _row(case: Case) -> str:
    code = f"`{case.error}`" if case.error else ""
    return f"| {_cell(case.name)} | {_cell(case.sent_to)} | {case.status} | {code} |"


def _cell(text: str) -> str:
    """Return text that stays in its cell and shows what cannot be seen."""
    seen = text.encode("unicode_escape").decode() if not text.isprintable() else text
    escaped = seen.replace("|", "\\|").replace("`", "'")
    return f"`{escaped}`" if any(sign in escaped for sign in "<>*_$\\[]{}~") else escaped


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
