"""Whatever is wrong with a database is a sentence, and holds no password."""

import asyncpg
import pytest

from services.chassis.storage.complaints import FAULTS, complaint

URL = "postgresql://pool:hunter2@db.example:5433/pool"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (TimeoutError(), "did not answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "can't be reached at db.example:5433"),
        (asyncpg.InvalidPasswordError("no such password"), "does not let us in"),
        (asyncpg.InvalidCatalogNameError('database "x" does not exist'), "says: database"),
        (asyncpg.DiskFullError("could not extend file"), "is full"),
        (asyncpg.InterfaceError("connection is closed"), "is lost"),
        (ValueError("invalid literal"), "no address of a database"),
    ],
)
def test_a_fault_is_said_in_a_sentence(fault: Exception, says: str) -> None:
    said = complaint(fault, URL)

    assert isinstance(fault, FAULTS)
    assert says in said
    assert "hunter2" not in said
