"""The sample campaigns for the sandbox's volume, dated around today. Run once, then left alone.

python -m deploy.compose.samples FOLDER
"""

import os
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.campaigns_copy import SAMPLES, ZONE, copy


def main(arguments: list[str]) -> int:
    """Fill the folder named by the only argument, unless something is in it."""
    (folder,) = map(Path, arguments)
    if any(folder.iterdir()):
        sys.stdout.write(f"{folder} has content already; it stays as it is\n")
        return 0
    zone = ZoneInfo(os.environ.get("PLATFORM_TIMEZONE") or ZONE)
    copy(SAMPLES, folder, datetime.now(zone).date())
    sys.stdout.write(f"{folder}: {len(list(folder.glob('*.md')))} campaigns\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
