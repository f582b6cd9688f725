"""Grafana's dashboard, made here so that it can be read and changed as code.

python -m deploy.observability.dashboard writes grafana/the-pool.json anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grafana"
FILE = FOLDER / "the-pool.json"
WIDE, HIGH, ACROSS = 8, 7, 3
ROUTE = 'route!="unmatched"'

Panel = tuple[str, str, dict[str, str]]
"""Title, unit, and what is drawn: its words, and the question to Prometheus."""

ROWS: dict[str, tuple[Panel, ...]] = {
    "Requests": (
        (
            "Answers per second",
            "reqps",
            {
                "{{service}}": "sum by (service)"
                " (rate(http_request_seconds_count[$__rate_interval]))"
            },
        ),
        (
            "Errors",
            "percentunit",
            {
                "{{service}}": 'sum by (service) (rate(http_request_seconds_count{status=~"5.."}'
                "[$__rate_interval])) / sum by (service)"
                " (rate(http_request_seconds_count[$__rate_interval]))"
            },
        ),
        (
            "Time to answer, 95 %",
            "s",
            {
                "{{service}}": "histogram_quantile(0.95, sum by (le, service)"
                f" (rate(http_request_seconds_bucket{{{ROUTE}}}[$__rate_interval])))"
            },
        ),
    ),
    "Events": (
        (
            "Oldest not published",
            "s",
            {"{{service}}": "max by (service) (outbox_oldest_seconds)"},
        ),
        (
            "Applied, retried, parked",
            "ops",
            {
                "{{consumer}} {{outcome}}": "sum by (consumer, outcome)"
                " (rate(inbox_events_total[$__rate_interval]))"
            },
        ),
        (
            "Time to apply a batch, 95 %",
            "s",
            {
                "{{consumer}}": "histogram_quantile(0.95, sum by (le, consumer)"
                " (rate(inbox_batch_seconds_bucket[$__rate_interval])))"
            },
        ),
        ("Streams' room", "percentunit", {"{{stream}}": "max by (stream) (stream_fullness_ratio)"}),
        (
            "Loops that fail",
            "ops",
            {"{{loop}}": "sum by (loop) (rate(loop_failures_total[$__rate_interval])) > 0"},
        ),
        ("Without", "short", {"{{service}} {{part}}": "max by (service, part) (process_degraded)"}),
    ),
    "Pledging": (
        ("Orders", "short", {"{{status}}": "max by (status) (checkout_orders)"}),
        (
            "Oldest undecided order",
            "s",
            {"order": "max(checkout_undecided_oldest_seconds)"},
        ),
        (
            "Cards that a pledge waits for",
            "short",
            {
                "in use": "max(checkout_cards_in_use)",
                "unusable": "max(checkout_cards_unusable)",
                "to detach": "max(checkout_cards_to_detach)",
            },
        ),
    ),
    "Settlement": (
        ("Charges", "short", {"{{status}}": "max by (status) (charges)"}),
        (
            "What came of them",
            "ops",
            {
                "{{call}} {{outcome}}": "sum by (call, outcome)"
                " (rate(stripe_outcomes_total[$__rate_interval]))"
            },
        ),
        (
            "Overdue, and counting campaigns",
            "s",
            {
                "charge": "max(charges_oldest_due_seconds)",
                "campaign": "max(ledger_closing_oldest_seconds)",
                "calendar": "max(calendar_heartbeat_age_seconds)",
            },
        ),
        (
            "What does not agree",
            "short",
            {
                "{{kind}}": "max by (kind) (reconciliation_breaks)",
                "campaigns": "max(ledger_disagreeing_campaigns)",
            },
        ),
        (
            "Given back, disputed",
            "short",
            {"{{status}}": "max by (status) (refunds)", "disputes": "max(disputes_open)"},
        ),
        ("Paused", "short", {"payments": "max(payments_paused)"}),
    ),
    "Stripe": (
        (
            "Requests per second",
            "reqps",
            {
                "{{call}} {{outcome}}": "sum by (call, outcome)"
                " (rate(stripe_calls_total[$__rate_interval]))"
            },
        ),
        (
            "Time to answer, 95 %",
            "s",
            {
                "{{call}}": "histogram_quantile(0.95, sum by (le, call)"
                " (rate(stripe_call_seconds_bucket[$__rate_interval])))"
            },
        ),
        (
            "Our own limit",
            "reqps",
            {
                "{{who}} {{outcome}}": "sum by (who, outcome)"
                " (rate(stripe_budget_requests_total[$__rate_interval]))",
                "alone": "max(stripe_budget_is_local)",
            },
        ),
    ),
    "Mails": (
        (
            "Sent",
            "ops",
            {
                "{{kind}} {{outcome}}": "sum by (kind, outcome)"
                " (rate(notify_mails_total[$__rate_interval]))"
            },
        ),
        ("Waiting", "short", {"{{kind}}": "max by (kind) (notify_mails_waiting)"}),
        (
            "Oldest waiting, and stuck",
            "short",
            {
                "seconds": "max(notify_oldest_waiting_seconds)",
                "{{status}}": "sum by (status) (notify_mails_stuck)",
            },
        ),
    ),
}


def dashboard() -> dict[str, Any]:
    """Return what Grafana imports."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append(_placed({"type": "row", "title": title, "panels": []}, 0, y, 24, 1))
        y += 1
        for number, panel in enumerate(row):
            place = (number % ACROSS * WIDE, y + number // ACROSS * HIGH)
            panels.append(_placed(_drawn(panel), *place, WIDE, HIGH))
        y += -(-len(row) // ACROSS) * HIGH
    for number, each in enumerate(panels, 1):
        each["id"] = number
    return {
        "uid": "the-pool",
        "title": "The Pool",
        "tags": ["the-pool"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "annotations": {"list": []},
        "panels": panels,
    }


def _drawn(panel: Panel) -> dict[str, Any]:
    title, unit, questions = panel
    return {
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": asked, "legendFormat": words}
            for number, (words, asked) in enumerate(questions.items())
        ],
    }


def _placed(panel: dict[str, Any], x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {**panel, "gridPos": {"x": x, "y": y, "w": width, "h": height}}


def text() -> str:
    """Return the file."""
    return json.dumps(dashboard(), indent=1) + "\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
