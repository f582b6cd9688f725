"""The command line: exit codes, JSON, and words, against a platform that answers as told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.local import stack_file
from deploy.local.cli import COMMANDS, pool
from deploy.local.environment import assemble
from deploy.local.layout import DataDir
from deploy.local.logfile import LogFile

PLAN = {
    "campaignSlug": "one-roll",
    "planHash": "abc",
    "supporters": 2,
    "totalAmount": 11_888,
    "expectedFees": 405,
    "charges": [
        {"supporter": "s1", "orderIds": ["o1", "o2"], "amount": 5_944, "card": "", "flags": []}
    ],
    "excluded": [{"orderId": "o3", "reason": "cancelled"}],
}
RUN = {
    "status": "settled", "planned": 2, "succeeded": 1, "failed": 1, "unknown": 0, "lost": 0,
    "amounts": {"succeeded": 5_944}, "startedAt": "2026-01-01T00:00:00Z", "settledAt": None,
}  # fmt: skip


class Site(BaseHTTPRequestHandler):
    """Answers what the test put there, and remembers who asked with which secret."""

    def _answer(self) -> None:
        server: Any = self.server
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = f"{self.command} {self.path}"
        server.seen.append((asked, self.headers.get("Authorization")))
        status, body = server.answers.get(asked, (404, {"error": "not_found", "message": ""}))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Cli:
    """The command line, and the site of the stack it talks to."""

    def __init__(self, data: Path, site: Any) -> None:
        self.data = data
        self.answers: dict[str, tuple[int, Any]] = site.answers
        self.seen: list[tuple[str, str]] = site.seen

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(pool, [*arguments, "--data", str(self.data)])


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    site: Any = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    site.answers, site.seen = {}, []
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    data = DataDir(tmp_path)
    data.create()
    given = {
        "SITE_BASE": f"http://127.0.0.1:{site.server_port}",
        "ADMIN_SECRET": "a" * 32,
        **{name: "x://y@z/w" for name in ("DATABASE_URL", "NATS_URL", "REDIS_URL")},
        **dict.fromkeys(("STRIPE_SECRET_KEY", "RESEND_API_KEY"), "sk_test_x"),
    }
    stack_file.write(data, assemble(data, given, {}), [])
    yield Cli(tmp_path, site)
    site.shutdown()
    thread.join()
    site.server_close()


def test_alone_it_prints_the_list_and_ends_well() -> None:
    result = CliRunner().invoke(pool, [])

    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["bank"], id="a command of nobody"),
        pytest.param(["bench", "pledging"], id="a benchmark of nobody"),
        pytest.param(["status", "--wrong"], id="an option of nobody"),
        pytest.param(["up", "--port", "0"], id="no port"),
        pytest.param(["up", "--port", "http"], id="no number"),
        pytest.param(["up", "--campaigns", "/nowhere/at/all"], id="no folder"),
        pytest.param(["up", "--workers", "pledges=2"], id="who has no chargers"),
        pytest.param(["up", "--workers", "settlement=0"], id="no charger"),
        pytest.param(["up", "--workers", "settlement=x"], id="no count"),
        pytest.param(["up", "--workers", "checkout=9"], id="too many"),
        pytest.param(["campaigns", "check", "/nowhere.md"], id="no file"),
        pytest.param(["settle"], id="no campaign"),
        pytest.param(["ledger", "audit"], id="a subcommand of nobody"),
    ],
)
def test_wrong_usage_is_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(pool, arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["campaigns", "publish"], ["ledger", "check"], ["settle", "x"]],
)
def test_without_a_stack_it_is_one_and_json_is_json(arguments: list[str], tmp_path: Path) -> None:
    where = ["--data", str(tmp_path)]
    plain = CliRunner().invoke(pool, [*arguments, *where])
    as_json = CliRunner().invoke(pool, [*arguments, "--json", *where])

    assert plain.exit_code == as_json.exit_code == 1
    assert "No stack runs" in plain.output
    assert json.loads(as_json.stdout)["running"] is False


def test_publish_names_each_mistake_and_ends_with_one(cli: Cli) -> None:
    mistake = {"file": "bad.md", "line": 4, "field": "goal_amount", "message": "is missing"}
    cli.answers["POST /admin/rebuild"] = (
        200, {"published": ["one-roll"], "unchanged": ["b"], "mistakes": [mistake]}
    )  # fmt: skip

    result = cli.run("campaigns", "publish")

    assert result.exit_code == 1
    assert "one-roll" in result.stdout
    assert "bad.md:4: goal_amount: is missing" in result.stderr
    assert cli.seen == [("POST /admin/rebuild", f"Bearer {'a' * 32}")]


def test_publish_without_mistakes_is_done(cli: Cli) -> None:
    answer = {"published": [], "unchanged": ["one-roll"], "mistakes": []}
    cli.answers["POST /admin/rebuild"] = (200, answer)

    result = cli.run("campaigns", "publish", "--json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, answer)


@pytest.mark.parametrize(
    ("arguments", "route"),
    [
        ([], "POST /admin/projections/check"),
        (["one-roll"], "POST /stats/one-roll/check"),
    ],
)
@pytest.mark.parametrize(("in_sync", "code"), [(True, 0), (False, 1)])
def test_ledger_check_ends_with_one_where_sums_differ(
    cli: Cli, arguments: list[str], route: str, in_sync: bool, code: int
) -> None:
    differences = [] if in_sync else [{"figure": "pledge_count", "history": 2, "totals": 3}]
    campaign = {"campaignSlug": "one-roll", "inSync": in_sync, "differences": differences}
    cli.answers[route] = (200, {"inSync": in_sync, "campaigns": [campaign]})

    result = cli.run("ledger", "check", *arguments)
    as_json = cli.run("ledger", "check", *arguments, "--json")

    assert result.exit_code == as_json.exit_code == code
    assert ("pledge_count" in result.stdout) is not in_sync
    assert json.loads(as_json.stdout)["inSync"] is in_sync


def test_a_preview_shows_the_plan_and_starts_nothing(cli: Cli) -> None:
    cli.answers["POST /admin/settle/one-roll"] = (200, PLAN)

    result = cli.run("settle", "one-roll", "--preview")

    assert result.exit_code == 0
    assert "one-roll: 2 supporters, $118.88" in result.stdout
    assert "left out: o3: cancelled" in result.stdout
    assert [asked for asked, _ in cli.seen] == ["POST /admin/settle/one-roll"]


def test_settle_dispatches_and_waits_until_every_supporter_is_decided(cli: Cli) -> None:
    cli.answers["POST /admin/settle-dispatch/one-roll"] = (200, RUN)
    cli.answers["GET /admin/settlements/one-roll"] = (200, RUN)

    result = cli.run("settle", "one-roll")

    assert result.exit_code == 0
    assert "2 of 2 supporters decided" in result.stdout
    assert "$59.44" in result.stdout


def test_a_campaign_that_is_not_closed_is_one_with_the_reason(cli: Cli) -> None:
    refusal = {"error": "not_closed", "message": "The campaign is still open."}
    cli.answers["POST /admin/settle-dispatch/one-roll"] = (409, refusal)

    result = cli.run("settle", "one-roll")

    assert result.exit_code == 1
    assert "The campaign is still open." in result.stderr


def test_a_campaign_nobody_knows_is_one(cli: Cli) -> None:
    assert cli.run("settle", "nothing", "--preview").exit_code == 1


def test_logs_are_merged_by_time_whole_or_of_one_service(cli: Cli) -> None:
    log = DataDir(cli.data).log
    for second, name in enumerate(("site", "checkout", "site", "settlement-charger-2")):
        line = {"timestamp": f"2026-01-01T00:00:0{second}Z", "service": name, "event": f"n{second}"}
        with (log / f"{name}.log").open("a") as stream:
            stream.write(json.dumps(line) + "\n")

    everything = [
        json.loads(line)["event"] for line in cli.run("logs", "--json").stdout.splitlines()
    ]

    assert everything == ["n0", "n1", "n2", "n3"]
    assert [line.split()[-1] for line in cli.run("logs", "site").stdout.splitlines()] == [
        "n0",
        "n2",
    ]
    assert "n3" in cli.run("logs", "settlement").stdout
    assert cli.run("logs", "nobody").exit_code == 2


def test_a_line_is_shown_with_time_service_level_and_the_rest(cli: Cli) -> None:
    log = LogFile(DataDir(cli.data).log / "site.log", "site")
    log.feed(b'{"timestamp":"2026-01-01T10:11:12.345678Z","level":"warning","service":"site",')
    log.feed(b'"event":"slow","route":"/live","request_id":"r1","logger":"x"}\n')
    log.close()

    shown = cli.run("logs", "site").stdout.split()

    assert shown == ["10:11:12.345", "site", "warning", "slow", "route=/live", "request_id=r1"]
