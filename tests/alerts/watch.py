"""Who collects figures, as prometheus.yml says, and what it takes an alert to fire by them."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.alerts.judge import Chapter, Figures, Rule, verdicts

JOB = "the-pool"
SECONDS_MAX = 90.0
"""Gauges are measured four times a minute; the machine may be busy."""

Addresses = Callable[[], Mapping[str, str]]
"""Returns where each process answers, by its name."""

Deed = Callable[[], object]


class Watch:
    """Asks every process for its figures, and beforehand, as an orchestrator's probe, how it is."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._http = httpx.Client(timeout=3)

    def close(self) -> None:
        self._http.close()

    def scrape(self) -> Figures:
        """Return what Prometheus would have of all of them: `up` is what it says itself."""
        found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        for instance, url in self._addresses().items():
            own = {"job": JOB, "instance": instance, "service": instance.partition("-")[0]}
            text = self._ask(url)
            found["up", tuple(sorted(own.items()))] = float(text is not None)
            for family in text_string_to_metric_families(text or ""):
                for sample in family.samples:
                    labels = tuple(sorted({**sample.labels, **own}.items()))
                    found[sample.name, labels] = sample.value
        return found

    def _ask(self, url: str) -> str | None:
        with contextlib.suppress(httpx.HTTPError):
            self._http.get(f"{url}/readyz")
            answer = self._http.get(f"{url}/metrics")
            return answer.text if answer.status_code == 200 else None
        return None


class Scene:
    """One trouble, told to all the alerts that it has to set off."""

    def __init__(self, rules: Sequence[Rule], watch: Watch, promtool: Path, folder: Path) -> None:
        self._rules = rules
        self._watch = watch
        self._promtool = promtool
        self._folder = folder
        self._story: list[Chapter] = []

    def calm(self) -> None:
        """Read how it is before the trouble: none of the alerts may fire, however long it stays."""
        self._until(fires=False, what="is silent before its cause")

    def trouble(self, *, again: Deed | None = None) -> None:
        """Wait until the figures are such that every one of the alerts fires.

        What goes on by itself, or is done `again` meanwhile, went on for all of the chapter.
        """
        self._until(fires=True, goes_on=True, again=again, what="fires")

    def trouble_once(self) -> None:
        """Wait for the same where it has happened but once: no figure rises any more."""
        self._until(fires=True, what="fires")

    def mended(self) -> None:
        """Wait until the figures are such that all of them end."""
        self._until(fires=False, what="ends")

    def _until(
        self, *, fires: bool, what: str, goes_on: bool = False, again: Deed | None = None
    ) -> None:
        began = time.monotonic()
        first = self._watch.scrape()
        left, last, seen = list(self._rules), first, None
        while True:
            seconds = time.monotonic() - began
            chapter = Chapter(first, last, seconds, goes_on)
            if seen is None or self._asked(last) != self._asked(seen):
                left = [rule for rule in left if self._fires(rule, chapter) is not fires]
                seen = last
            if not left:
                break
            shown = {rule.name: self._asked(last, rule) for rule in left}
            assert seconds < SECONDS_MAX, f"not one that {what}: {shown}"
            time.sleep(0.3)
            if again is not None:
                again()
            last = self._watch.scrape()
        self._story.append(chapter)

    def _fires(self, rule: Rule, chapter: Chapter) -> bool:
        return verdicts(self._promtool, self._folder, rule, [*self._story, chapter])[-1]

    def _asked(self, figures: Figures, rule: Rule | None = None) -> dict[object, float]:
        names = {name for each in ([rule] if rule else self._rules) for name in each.asks}
        return {key: value for key, value in figures.items() if key[0] in names}
