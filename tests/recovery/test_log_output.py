"""Nobody reads the logs any more: lines are lost, and counted, and nothing waits."""

import subprocess
import sys
import time

LOUD = """
import asyncio, sys, time
from services.chassis.process import telemetry

async def main():
    telemetry.configure_logs("loud", "INFO")
    log = telemetry.logger("loud")
    slowest = 0.0
    for number in range(400):
        began = time.monotonic()
        for _ in range(100):
            log.info("request", number=number, route="/a/rather/long/path/to/fill/the/pipe")
        await asyncio.sleep(0)
        slowest = max(slowest, time.monotonic() - began)
    dropped = telemetry.LOGS_DROPPED._value.get()
    sys.stderr.write(f"{slowest} {dropped}")

asyncio.run(main())
"""


def test_a_process_whose_output_nobody_reads_goes_on_and_ends() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOUD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stdout is not None
    began = time.monotonic()
    # Standard output is left alone: its pipe is full after 64 KiB.
    said = process.stderr.read()
    code = process.wait(timeout=30)
    process.stdout.close()
    process.stderr.close()

    slowest, dropped = (float(each) for each in said.split())
    assert code == 0
    assert slowest < 1.0
    assert 20_000 < dropped < 40_000
    assert time.monotonic() - began < 30
