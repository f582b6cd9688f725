"""The checker finds nothing where all is well, and every fault that is planted."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.chaos import checker, outside, traces
from deploy.chaos.checker import Report
from deploy.chaos.inspection import inspect
from deploy.chaos.invariants import FOLDER, rules
from deploy.chaos.outside import Outside
from deploy.local.layout import DataDir, read_json
from services.checkout.queries.forgetting import WITHOUT_ANSWERS
from tests.chaos.story import Told, tell
from tests.support.platform import Platform
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

# What an owner with a grudge would do, by the rule that has to notice. Triggers and foreign
# keys are off meanwhile, and everything is taken back.
PLANTED = {
    "i01_three_sums": "UPDATE pledges.campaign_totals SET pledged_cents = pledged_cents + 1",
    "i02_history_folds": "DELETE FROM pledges.pledge_history WHERE entry_type = 'cancelled'",
    "i02_history_is_sealed": """
        UPDATE pledges.pledge_history SET recorded_at = recorded_at + interval '1 second'
    """,
    "i02_history_is_guarded": "GRANT DELETE ON pledges.pledge_history TO pool_pledges",
    "i03_every_cent_has_a_reason": """
        UPDATE pledges.pledges SET why = jsonb_set(why, '{0,inputs,cents}', '1')
    """,
    "i03_prices_add_up": """
        UPDATE checkout.orders
        SET pledges = jsonb_set(pledges, '{0,price,tax_cents}', '1')
    """,
    "i04_one_success_per_charge": """
        ALTER TABLE settlement.charges DROP CONSTRAINT one_charge_per_purpose,
            DROP CONSTRAINT one_charge_per_intent;
        INSERT INTO settlement.charges
        SELECT 'again_' || charge_id, campaign, supporter_id, purpose, pledge_ids,
            amount_cents, currency, customer_id, payment_method_id, card_brand, card_last4,
            card_exp_month, card_exp_year, version, status, requested_at, decided_at,
            create_parameters, create_serial, create_keyed_at, create_keyed_on, is_create_key_spent,
            payment_intent_id, stripe_charge_id, due_at, queued_at
        FROM settlement.charges WHERE status = 'succeeded'
    """,
    "i04_stripe_agrees": """
        UPDATE settlement.charges SET status = 'unknown', decided_at = NULL
        WHERE status = 'succeeded'
    """,
    "i05_charged_what_was_pledged": """
        UPDATE settlement.charges SET amount_cents = amount_cents + 1
    """,
    "i06_only_funded_is_charged": """
        UPDATE pledges.campaign_state SET goal_cents = 1000000000, is_funded = false
        WHERE is_funded
    """,
    "i07_cancelled_is_never_charged": """
        UPDATE pledges.pledges SET status = 'cancelled', cancelled_at = now(),
            charged_at = NULL, charge_id = NULL, payment_intent_id = NULL, returned_cents = 0
        WHERE status = 'charged'
    """,
    "i08_never_oversold": "UPDATE checkout.stock SET claimed = claimed - 1 WHERE claimed > 0",
    "i08_claims_are_pledges": """
        UPDATE checkout.reservations SET state = 'released' WHERE state = 'claimed'
    """,
    "i09_every_saved_card_is_decided": """
        UPDATE checkout.orders SET status = 'abandoned' WHERE status = 'persisted'
    """,
    "i09_cards_are_kept_while_needed": """
        UPDATE checkout.card_uses SET ended_as = NULL WHERE ended_as = 'cancelled'
    """,
    "i10_success_means_pledged": "DELETE FROM pledges.pledges WHERE status = 'released'",
    "i11_every_fact_is_mailed": "DELETE FROM notify.mails WHERE kind = 'payment_failed'",
    "i11_mails_end_well": """
        UPDATE notify.mails SET status = 'queued', sent_at = NULL,
            next_attempt_at = clock_timestamp() - interval '2 minutes'
    """,
    "i11_mails_arrive_once": """
        UPDATE notify.mails SET status = 'parked', sent_at = NULL WHERE kind = 'not_funded'
    """,
    "i11_mails_say_the_ledgers_sums": """
        UPDATE notify.mails SET facts = jsonb_set(facts, '{sums,total_cents}', '1')
        WHERE kind = 'payment_failed'
    """,
    "i11_reports_are_sent": """
        INSERT INTO notify.reports (report_id, campaign, report_type, day, status)
        VALUES ('a:pledge:2026-01-01', 'a', 'pledge', '2026-01-01', 'made')
    """,
    "i11_refusals_are_named": """
        UPDATE checkout.order_campaigns SET state = 'refused', reason = 'too_late'
    """,
    "i14_event_iff_fact": "DELETE FROM pledges.outbox WHERE event_type = 'pledges.created'",
    "i14_outboxes_are_empty": """
        UPDATE settlement.outbox SET published_at = NULL
        WHERE event_type = 'settlement.charge_succeeded'
    """,
    "i18_states_move_forward": "ALTER TABLE pledges.pledges DISABLE TRIGGER pledge_moves_forward",
    "i19_prices_are_the_authors": "UPDATE pledges.pledge_lines SET unit_cents = 1",
    "i20_public_figures_are_true": """
        UPDATE site.campaign_figures SET totals_version = totals_version - 1
    """,
    "i23_money_adds_up": """
        UPDATE settlement.fees SET fee_cents = fee_cents + 1, net_cents = net_cents - 1
    """,
    "i23_stripe_gave_back": """
        UPDATE settlement.refunds SET amount_cents = amount_cents - 1 WHERE status = 'succeeded'
    """,
    "i21_nothing_is_dropped": "DELETE FROM notify.inbox WHERE consumer = 'notify-mails'",
    "i21_own_events_are_understood": """
        INSERT INTO pledges.parked_events
            (consumer, subject, event_id, payload, headers, error, deliveries)
        SELECT 'pledges-orders', subject, event_id, payload, headers, 'KeyError', 6
        FROM checkout.outbox WHERE event_type = 'checkout.completed'
    """,
}


class Scene:
    """A stack on which the story was told, and what the outside says about it."""

    def __init__(self, stack: Stack, told: Told) -> None:
        self.stack = stack
        self.told = told
        kept = read_json(DataDir(stack.data).file("secrets.json"))
        self.link_secret = str(kept["MAGIC_LINK_SECRET"])
        self.outside = outside.look(stack.sandbox, str(kept["STRIPE_SECRET_KEY"]))

    def judge(self, planted: str = "", seen: Outside | None = None) -> Report:
        """Return what the checker says after `planted` was run, and take it back."""
        return asyncio.run(self._judge(planted, seen or self.outside))

    async def _judge(self, planted: str, seen: Outside) -> Report:
        async with checker.snapshot(self.stack.owner_url) as conn:
            await conn.execute("SET LOCAL session_replication_role = replica")
            try:
                async with conn.transaction():
                    await conn.execute(planted or "SELECT")
                    report = await checker.evaluate(conn, seen)
                    found = await traces.card_numbers(conn)
                    found += await traces.links(conn, seen, self.link_secret)
                    report = replace(report, violations=(*report.violations, *found))
                    raise _TakeBack
            except _TakeBack:
                return report


class _TakeBack(Exception):
    """Ends the transaction without a trace."""


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Scene:
    visitor = Platform(stack)
    told = tell(visitor)
    visitor.close()
    report = inspect(DataDir(stack.data))
    assert not report.violations, "\n".join(map(str, report.violations))
    assert len(report.checked) == len(rules())
    return Scene(stack, told)


def test_where_all_is_well_nothing_is_found(scene: Scene) -> None:
    assert scene.judge().violations == ()


def test_every_rule_has_a_fault_that_it_must_notice() -> None:
    assert set(PLANTED) == {rule.name for rule in rules()}
    assert all(path.suffix in (".sql", ".py") for path in FOLDER.iterdir() if path.is_file())


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_noticed(scene: Scene, name: str) -> None:
    invariant = next(rule.invariant for rule in rules() if rule.name == name)

    found = scene.judge(PLANTED[name]).violations

    assert invariant in {each.invariant for each in found}, [str(each) for each in found]
    assert all(each.evidence for each in found)


@pytest.mark.parametrize(
    ("invariant", "planted"),
    [
        pytest.param(
            "I-8",
            """
            UPDATE checkout.reservations SET state = 'released'
            WHERE kind = 'add_on' AND variant_id <> '' AND state = 'claimed'
            """,
            id="a size nobody claims any more",
        ),
        pytest.param(
            "I-8",
            "UPDATE checkout.stock SET claimed = claimed - 1 WHERE shelf = '@platform'",
            id="a product of the platform counted wrong",
        ),
        pytest.param(
            "I-8",
            """
            INSERT INTO checkout.reservations
            SELECT order_id, campaign, item_id, quantity, 'reserved', shelf, kind, variant_id, 2, 1
            FROM checkout.reservations WHERE kind = 'tier' AND state = 'claimed' LIMIT 1
            """,
            id="units of a revision nobody proposes",
        ),
        pytest.param(
            "I-19",
            "UPDATE pledges.pledge_lines SET unit_cents = 1 WHERE variant_id IS NOT NULL",
            id="a size at a price of somebody's own",
        ),
        pytest.param(
            "I-19",
            """
            UPDATE pledges.pledge_lines SET unit_cents = 1
            WHERE kind = 'add_on' AND NOT counts_toward_goal
            """,
            id="a product of the platform at a price of somebody's own",
        ),
        pytest.param(
            "I-19",
            "UPDATE pledges.pledge_lines SET counts_toward_goal = true WHERE kind = 'add_on'",
            id="a product of the platform that counts toward a goal",
        ),
        pytest.param(
            "I-20",
            "UPDATE site.add_on_stock SET version = version - 1",
            id="old stock of the platform's own products on pages",
        ),
        pytest.param(
            "I-1",
            """
            UPDATE pledges.pledges SET returned_cents = returned_cents - 1
            WHERE returned_cents > 0
            """,
            id="a refund that is collected all the same",
        ),
        pytest.param(
            "I-23",
            "DELETE FROM pledges.pledge_money WHERE kind = 'dispute'",
            id="a dispute the ledger forgot",
        ),
        pytest.param(
            "I-23",
            "DELETE FROM settlement.refunds",
            id="a campaign that kept what it had to give back",
        ),
        pytest.param(
            "I-14",
            "DELETE FROM settlement.outbox WHERE event_type = 'settlement.charge_notice_due'",
            id="a notice nobody gave",
        ),
        *(
            pytest.param(
                invariant,
                """
                INSERT INTO site.campaign_previews
                    (slug, token_sha256, source, made_by, made_at, expires_at, for_reviewer)
                VALUES ('x', 'x', '', '', clock_timestamp(), clock_timestamp(), true)
                """,
                id=f"a reviewer whose link was kept and not {what}",
            )
            for invariant, what in (("I-14", "announced"), ("I-11", "mailed"))
        ),
        pytest.param(
            "I-11",
            "DELETE FROM notify.mails WHERE kind IN ('refunded', 'campaign_ended')",
            id="people whom nobody told",
        ),
        pytest.param(
            "I-8",
            """
            UPDATE pledges.campaign_state SET is_cancelled = false, goal_cents = 1000000000
            WHERE is_cancelled
            """,
            id="units of a campaign that was ended early",
        ),
        pytest.param(
            "I-2",
            "UPDATE pledges.pledge_lines SET answers = '{}' WHERE answers <> '{}'",
            id="an answer that was lost",
        ),
    ],
)
def test_a_fault_in_what_was_added_later_is_noticed(
    scene: Scene, invariant: str, planted: str
) -> None:
    found = scene.judge(planted).violations

    assert invariant in {each.invariant for each in found}, [str(each) for each in found]


def test_a_mail_whose_answer_was_lost_is_no_fault(scene: Scene) -> None:
    lost = """
        UPDATE notify.mails SET status = 'queued', attempts = 1, sent_at = NULL,
            next_attempt_at = clock_timestamp() + interval '1 minute'
        WHERE kind = 'not_funded'
    """

    assert scene.judge(lost).is_clean


def test_a_person_who_was_forgotten_is_no_fault(scene: Scene) -> None:
    forgotten = """
        UPDATE notify.mails SET recipient = '', address = '',
            facts = jsonb_build_object('pledge_id', facts -> 'pledge_id')
        WHERE kind = 'not_funded'
    """

    assert scene.judge(forgotten).is_clean


def test_a_retention_run_is_no_fault(scene: Scene) -> None:
    without_person = f"""
        UPDATE checkout.orders SET email = NULL, supporter_id = NULL, shipping_address = NULL,
            attribution = NULL, forgotten_at = platform.now(), pledges = {WITHOUT_ANSWERS}
        WHERE status IN ('expired', 'abandoned', 'too_late')
    """
    run = f"""
        UPDATE pledges.pledges SET shipping_address = '{{"name": "Noor"}}';
        SELECT pledges.forget_addresses(1000, interval '-9 years', interval '-9 years');
        {without_person};
        UPDATE checkout.orders SET shipping_address = NULL WHERE status = 'persisted'
    """

    assert scene.judge(run).is_clean


def _again(rows: tuple[dict[str, Any], ...], row_id: str) -> tuple[dict[str, Any], ...]:
    return (*rows, {**rows[0], "id": row_id})


def _with_a_link(seen: Outside) -> str:
    """Return the words of some mail that holds a link; not every kind of mail does."""
    return next(str(each["text"]) for each in seen.mails if "/manage/?t=" in each["text"])


def _succeeded(seen: Outside) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in seen.intents if each["status"] == "succeeded")


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        pytest.param(
            "I-4",
            lambda seen: replace(seen, intents=_again(_succeeded(seen), "pi_second")),
            id="a second PaymentIntent of one charge succeeded",
        ),
        pytest.param(
            "I-4",
            lambda seen: replace(seen, intents=()),
            id="Stripe knows of no payment",
        ),
        pytest.param(
            "I-23",
            lambda seen: replace(seen, refunds=()),
            id="Stripe gave nothing back",
        ),
        pytest.param(
            "I-9",
            lambda seen: replace(seen, sessions=seen.sessions[1:]),
            id="a pledge without a session",
        ),
        pytest.param(
            "I-11",
            lambda seen: replace(seen, mails=seen.mails[1:]),
            id="a mail that never arrived",
        ),
        pytest.param(
            "I-11",
            lambda seen: replace(seen, mails=_again(seen.mails, "mail-again")),
            id="a mail that arrived twice",
        ),
        pytest.param(
            "I-13",
            lambda seen: replace(
                seen, mails=tuple({**each, "text": _with_a_link(seen)} for each in seen.mails)
            ),
            id="somebody else's link",
        ),
        pytest.param(
            "I-13",
            lambda seen: replace(
                seen, mails=({**seen.mails[0], "text": "/manage/?t=eyJ9.AAAA"}, *seen.mails[1:])
            ),
            id="a forged link",
        ),
    ],
)
def test_what_the_outside_says_differently_is_noticed(
    scene: Scene, invariant: str, change: Callable[[Outside], Outside]
) -> None:
    found = scene.judge(seen=change(scene.outside)).violations

    assert invariant in {each.invariant for each in found}, [str(each) for each in found]


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE checkout.orders SET email = '4242424242424242'",
        """UPDATE pledges.outbox SET payload = '{"card": "4000000000000341"}'""",
        """UPDATE notify.mails SET facts = '{"note": "5555555555554444"}'""",
    ],
    ids=["text", "bytes", "json"],
)
def test_a_card_number_is_found_wherever_it_was_written(scene: Scene, planted: str) -> None:
    assert "I-12" in {each.invariant for each in scene.judge(planted).violations}


def test_rules_about_the_end_wait_for_it(scene: Scene) -> None:
    async def judged() -> Report:
        async with checker.snapshot(scene.stack.owner_url) as conn:
            return await checker.evaluate(conn, None, is_at_rest=False)

    report = asyncio.run(judged())

    assert "i11_every_fact_is_mailed" in report.skipped
    assert "i06_only_funded_is_charged" in report.skipped  # It asks Stripe.
    assert "i01_three_sums" in report.checked


def test_a_page_that_shows_other_figures_is_noticed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "FRESH_SECONDS", 0.2)

    found = list(traces.figures(scene.stack.site, {scene.told.funded: (99, 1)}))

    assert [each.invariant for each in found] == ["I-20"]


def test_what_leaks_into_a_log_is_noticed(tmp_path: Path) -> None:
    token = "eyJ" + "a" * 60 + "." + "b" * 43
    (tmp_path / "site.log").write_text(f"sent to Ana@Example.org {token}\nkey s3cret-value\n")
    (tmp_path / "notify.log").write_text("sent to a***@e*** by ops@pool.example\n")

    found = traces.leaks(
        traces.read_logs(tmp_path),
        traces.secrets_of({"ADMIN_SECRET": "s3cret-value", "STACK_ID": "sent"}),
        {"ana@example.org"},
    )

    assert [each.evidence for each in found] == [("site.log",)] * 3


def test_a_stack_that_does_not_come_to_rest_is_a_finding(scene: Scene) -> None:
    scene.stack.kill("nats", signal.SIGSTOP)
    try:
        report = inspect(DataDir(scene.stack.data), rest_seconds=1)
    finally:
        scene.stack.kill("nats", signal.SIGCONT)

    assert report.violations[0].invariant == "rest"
    assert "NATS does not answer" in str(report.violations[0])
    assert "i11_every_fact_is_mailed" in report.skipped
    assert inspect(DataDir(scene.stack.data)).is_clean
