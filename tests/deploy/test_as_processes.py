"""The compose file at work: roles apart, accounts of their own, secrets from files."""

from pathlib import Path

import pytest

from deploy.local.sql import run_sql
from tests.deploy.as_processes import running
from tests.deploy.conftest import Model
from tests.support.platform import Platform, a_slug, an_email

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def test_a_pledge_is_made_charged_and_told_of_by_roles_apart(
    sandbox: Model, tmp_path: Path
) -> None:
    with running(sandbox, tmp_path) as containers:
        visitor = Platform(containers)
        assert visitor.http.get("/").status_code == 200
        slug = visitor.publish(a_slug("roles"))
        email = an_email("roles")

        visitor.pledge(slug, email=email)
        visitor.mail(email, "Pledge confirmed")
        visitor.close_campaign(slug)
        run = visitor.wait_settled(slug)

        assert run["succeeded"] == 1
        assert len(visitor.charges(slug)) == 1
        visitor.mail(email, "Payment confirmed")
        visitor.assert_in_sync(slug)
        owner_url = (containers.secrets / "owner_database_url").read_text("ascii").strip()
        assert int(run_sql(owner_url, "SELECT count(*) FROM checkout.stripe_events")) > 0
        assert "Violation" not in containers.said("nats")
        visitor.close()

        codes = containers.stop()

    assert codes == dict.fromkeys(codes, 0)
