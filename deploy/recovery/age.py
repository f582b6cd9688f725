"""How old the newest backup is, as doctor says it. Source: reliability B-3."""

from datetime import UTC, datetime, timedelta

from deploy.local.layout import DataDir, read_json

OLD = timedelta(hours=4)


def words(data: DataDir, now: datetime | None = None) -> tuple[bool | None, str]:
    """Return whether the newest backup is young enough, and what to say; None: there is none."""
    noted = read_json(data.file("backup.json"))
    if not noted:
        return None, "this stack was never backed up: with it goes everything it holds"
    age = (now or datetime.now(UTC)) - datetime.fromisoformat(str(noted["at"]))
    hours = age / timedelta(hours=1)
    return age <= OLD, f"the newest is {hours:.1f} hours old, in {noted['in']}"
