"""Templates that were compiled once stay compiled, beside their sources, as Python's modules do.

Compiling them all takes a service longer than the rest of its start.
"""

import contextlib
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

FOLDER = "__pycache__"


def compiled_beside(templates: Path) -> jinja2.BytecodeCache | None:
    """Return where compiled templates are kept; None where nobody may write.

    The environment must not be `optimized`: what it works out while compiling depends on its
    language and filters, and would be kept with the template.
    """
    folder = templates / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return _Kept(str(folder))


class _Kept(jinja2.FileSystemBytecodeCache):
    """A disk that is full or read-only costs time, not the page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if that is possible."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)
