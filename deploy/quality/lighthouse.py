"""Lighthouse on a campaign page, as on a phone with a slow connection."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from deploy.bench.figures import Figure, Say, median
from deploy.local.browser import find_or_install
from deploy.quality import tools
from deploy.quality.gate import Found, Gate
from deploy.quality.showcase import FILM, Showcase

GOALS = {"performance": 95, "accessibility": 100, "best-practices": 95, "seo": 100}
# One look is at the mercy of what else the machine does: the middle of three.
LOOKS = 3

Report = dict[str, Any]
"""What Lighthouse writes: `categories` with their scores, `audits` with what was looked at."""


def run(showcase: Showcase, say: Say) -> list[Found]:
    """Let Lighthouse load the page a few times."""
    modules, chromium = tools.installed(say), find_or_install(say)
    reports = []
    for number in range(LOOKS):
        say(f"lighthouse {number + 1} of {LOOKS}")
        reports.append(_looked(modules, str(chromium), f"{showcase.site}/campaigns/{FILM}/"))
    found = []
    for name, goal in GOALS.items():
        scores = [report["categories"][name]["score"] * 100 for report in reports]
        workload = f"campaign page, mobile, middle of {LOOKS}"
        figure = Figure(name, workload, round(median(scores)), "points", goal=goal)
        found.append(Found(figure, _lost(reports[-1], name)))
    return found


def _looked(modules: Path, chromium: str, url: str) -> Report:
    flags = "--headless=new --disable-gpu" + (" --no-sandbox" if os.geteuid() == 0 else "")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            *("node", str(modules / "lighthouse" / "cli" / "index.js"), url, "--quiet"),
            *("--output=json", f"--output-path={report}", f"--chrome-flags={flags}"),
            f"--only-categories={','.join(GOALS)}",
        ]
        for again in (True, False):
            try:
                tools.run(command, environ={"CHROME_PATH": chromium})
                break
            except tools.ToolMissing:
                # On a busy machine the browser sometimes ends before its trace is written.
                if not again:
                    raise
        said: Report = json.loads(report.read_bytes())
    return said


def _lost(report: Report, category: str) -> list[str]:
    """Return what a category lost points for."""
    refs = report["categories"][category]["auditRefs"]
    audits = [report["audits"][ref["id"]] for ref in refs if ref["weight"]]
    return [
        f"{each['title']} {each.get('displayValue', '')}"
        for each in audits
        if each["score"] is not None and float(str(each["score"])) < 1
    ]


GATE = Gate("lighthouse", "a campaign page as on a phone", run)
