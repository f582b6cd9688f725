"""What a dump holds, row by row: read from the file, without a server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.wheels import pg_bin, plain_environ

COPY = "COPY "
END = "\\."
NULL = "\\N"


def rows(dump: Path, schema: str, table: str) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a table as their text by column; None is null.

    Of what is escaped nothing is undone: states, times and ids never are.
    """
    done = subprocess.run(
        [
            *(pg_bin() / "pg_restore", "--data-only", "--file=-"),
            *(f"--schema={schema}", f"--table={table}", dump),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=plain_environ(),
    )
    columns: list[str] | None = None
    for line in done.stdout.splitlines():
        if line.startswith(COPY):
            named = line.partition("(")[2].partition(")")[0]
            columns = [each.strip() for each in named.split(",")]
        elif line == END:
            columns = None
        elif columns is not None:
            values = (None if each == NULL else each for each in line.split("\t"))
            yield dict(zip(columns, values, strict=True))
