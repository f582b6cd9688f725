"""Log lines leave without anybody waiting for whoever reads them."""

import logging
import os
import subprocess
import sys
import time

import pytest
from prometheus_client import CollectorRegistry, Counter

from services.chassis.process import log_output
from services.chassis.process.log_output import LogOutput

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


def test_where_nobody_reads_lines_are_counted_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_end, write_end = os.pipe()
    monkeypatch.setattr(log_output, "LINES_MAX", 100)
    dropped = Counter("dropped", "dropped", registry=CollectorRegistry())
    with os.fdopen(write_end, "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        output = LogOutput(dropped)
        line = logging.LogRecord("a", logging.INFO, "", 1, "x" * 5_000, None, None)

        began = time.monotonic()
        for _ in range(1_000):
            output.emit(line)

        assert time.monotonic() - began < 5.0
        assert dropped._value.get() >= 800
        os.close(read_end)  # The writer is told, and goes on.
        output.flush()
        assert not output._lines
