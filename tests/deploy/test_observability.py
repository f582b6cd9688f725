"""Alerts, dashboard and pages speak of figures that the code has, and of no others."""

import json
import re
from typing import Any

import promql_parser
import pytest
from ruamel.yaml import YAML

from deploy.observability import dashboard, metrics
from deploy.observability.metrics import OWN_LABELS, ROOT, declared
from tests.alerts.judge import selectors
from tests.deploy.conftest import PRODUCTION, Compose, Model, resolved

FOLDER = ROOT / "deploy" / "observability"
COLLECTED = {"up": ("job",)}
"""What Prometheus itself says of whom it asks."""
BY_HAND = re.compile(r"^#+ (.+)$", re.MULTILINE)


def rules() -> list[dict[str, Any]]:
    text = (FOLDER / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    (group,) = YAML(typ="safe").load(text)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    assert found
    return found


def known() -> dict[str, tuple[str, ...]]:
    return {name: each.labels for each in declared() for name in each.series} | COLLECTED


def unknown_in(question: str) -> list[str]:
    """Return what a question names and the code does not have."""
    parsed = promql_parser.parse(question.replace("$__rate_interval", "5m"))
    asked, names = list(selectors(parsed)), known()
    assert asked, f"{question} asks for nothing"
    wrong = [each.name for each in asked if each.name not in names]
    for each in asked:
        labels = {matcher.name for matcher in each.matchers.matchers}
        wrong += sorted(labels - set(names.get(each.name, ())) - OWN_LABELS)
    grouped = [
        label for found in re.findall(r"\bby \(([^)]*)\)", question) for label in found.split(", ")
    ]
    had = {label for each in asked for label in names.get(each.name, ())} | OWN_LABELS
    return wrong + [label for label in grouped if label and label not in had]


def test_every_alert_asks_for_what_the_code_has() -> None:
    found = {rule["alert"]: unknown_in(rule["expr"]) for rule in rules()}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) == len(rules()), "two alerts have one name"


def test_every_panel_asks_for_what_the_code_has() -> None:
    panels = [each for each in dashboard.dashboard()["panels"] if each["type"] != "row"]
    asked = {
        f"{panel['title']}: {target['expr']}": unknown_in(target["expr"])
        for panel in panels
        for target in panel["targets"]
    }

    assert len(panels) > len(dashboard.ROWS)
    assert {question: wrong for question, wrong in asked.items() if wrong} == {}


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("max(outbox_oldest_second) > 60", ["outbox_oldest_second"]),
        ("rate(outbox_published[5m])", ["outbox_published"]),
        ('inbox_events_total{result="parked"}', ["result"]),
        ("sum by (campaign) (charges)", ["campaign"]),
        ("histogram_quantile(0.9, rate(stripe_call_seconds[5m]))", ["stripe_call_seconds"]),
        ('up{job="the-pool"} == 0 or max(chargez) > 1', ["chargez"]),
    ],
)
def test_a_figure_that_is_not_there_is_noticed(question: str, wrong: list[str]) -> None:
    assert unknown_in(question) == wrong


def test_a_question_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        unknown_in("max(charges")


def test_the_runbook_has_a_page_for_each_alert_and_for_no_other() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    pages = re.split(r"^## ", runbook, flags=re.MULTILINE)[1:]
    found = {page.partition("\n")[0]: page for page in pages}
    names = [rule["alert"] for rule in rules()]

    assert [name for name in found if name != "One that is not here"] == names
    for rule in rules():
        page = found[rule["alert"]]
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        wakes = (
            "Wakes you." if rule["labels"]["severity"] == "page" else "Can wait until the morning."
        )
        assert wakes in page, rule["alert"]
        assert "**Look at:**" in page
        assert "**Then:**" in page


def anchors(text: str) -> set[str]:
    """Return where a link into a page may lead."""
    words = [re.sub(r"[^a-z0-9 _-]", "", head.lower()) for head in BY_HAND.findall(text)]
    return {each.replace(" ", "-") for each in words}


def test_what_the_runbook_links_to_is_there() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    operators = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(operators\.md#([^)]+)\)", runbook))

    assert linked
    assert linked - anchors(operators) == set()


def test_the_pages_are_what_the_code_says_today() -> None:
    assert metrics.PAGE.read_text(encoding="utf-8") == metrics.text(), (
        "run `python -m deploy.observability.metrics`"
    )
    assert dashboard.FILE.read_text(encoding="utf-8") == dashboard.text(), (
        "run `python -m deploy.observability.dashboard`"
    )


def test_no_figure_is_labelled_with_what_could_be_anything() -> None:
    endless = {"campaign", "slug", "email", "order", "order_id", "supporter", "path", "user", "id"}
    found = declared()

    assert {each.name for each in found} >= {"http_request_seconds", "charges", "notify_mails"}
    assert [each.name for each in found if endless & set(each.labels)] == []
    assert len({each.name for each in found}) == len(found), "two figures have one name"


def test_what_operators_are_told_to_watch_exists() -> None:
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    table = page.partition("**Alert on these.**")[2].partition("\n## ")[0]
    named = set(re.findall(r"\b([a-z]+(?:_[a-z]+)+)(?=[ {\[)])", table))
    labels = {label for each in declared() for label in each.labels}
    logged = {"event_parked", "request_failed", "closing_stuck", "given_up"}

    assert named
    assert named - set(known()) - {each.name for each in declared()} - labels - logged == set()


@pytest.fixture(scope="module")
def observed(compose: Compose) -> Model:
    return resolved(compose, "--profile", "observe", **PRODUCTION)


def test_prometheus_asks_every_process_of_the_compose_file(observed: Model) -> None:
    config = YAML(typ="safe").load(FOLDER / "prometheus" / "prometheus.yml")
    (job,) = config["scrape_configs"]
    (names,) = [each["names"] for each in job["dns_sd_configs"]]
    ours = {
        name
        for name, each in observed["services"].items()
        if (each.get("command") or [""])[0].startswith("services.")
        and each["restart"] == "unless-stopped"
    }

    assert set(names) == ours
    assert job["job_name"] == "the-pool"
    for name in ours:
        shared = set(observed["services"][name]["networks"]) & set(
            observed["services"]["prometheus"]["networks"]
        )
        assert shared, f"{name} is not reached"


def test_who_watches_is_fenced_in_and_seen_from_this_machine_alone(observed: Model) -> None:
    for name in ("prometheus", "grafana", "traces"):
        each = observed["services"][name]
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert int(each["user"].partition(":")[0]) > 0
        assert "secrets" not in each
    for name in ("grafana", "traces"):
        ports = observed["services"][name]["ports"]
        assert [port["host_ip"] for port in ports] == ["127.0.0.1"]
    assert "ports" not in observed["services"]["prometheus"]
    assert not {"data", "inside"} & set(observed["services"]["grafana"]["networks"])


def test_what_grafana_is_given_is_where_it_looks(observed: Model) -> None:
    mounts = {v["target"]: v["source"] for v in observed["services"]["grafana"]["volumes"]}
    provider = YAML(typ="safe").load(
        FOLDER / "grafana" / "provisioning" / "dashboards" / "the-pool.yml"
    )
    (path,) = [each["options"]["path"] for each in provider["providers"]]

    assert mounts[f"{path}/the-pool.json"].endswith("deploy/observability/grafana/the-pool.json")
    assert json.loads(dashboard.FILE.read_text(encoding="utf-8"))["uid"] == "the-pool"
