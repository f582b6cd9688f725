"""Log lines leave some at a time, in order, and the last ones too."""

import subprocess
import sys

PROGRAM = """
import logging, sys
from prometheus_client import CollectorRegistry, Counter
from services.chassis.process.log_output import LogOutput
dropped = Counter("dropped", "dropped", registry=CollectorRegistry())
logging.basicConfig(handlers=[LogOutput(dropped)], level=logging.INFO, format="%(message)s")
for number in range(3000):
    logging.info("line %s", number)
"""


def test_every_line_is_written_in_order_also_the_last_before_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout.splitlines() == [f"line {number}" for number in range(3000)]
