"""Writes every reference page anew.

python -m deploy.reference [--release]
"""

import sys

from deploy.observability import dashboard, metrics
from deploy.reference import commands, events, parts, settings


def main(arguments: list[str]) -> int:
    """Write them."""
    settings.PAGE.write_text(settings.text(), encoding="utf-8")
    commands.PAGE.write_text(commands.text(), encoding="utf-8")
    return max(metrics.main(), dashboard.main(), parts.main(), events.main(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
