"""Static files: one version for the whole tree, so that every address may be cached for ever.

JavaScript modules import each other and style sheets name fonts by relative paths; because the
version is a folder in the address, those follow it without a build step.
"""

import functools
import hashlib
from pathlib import Path

STATIC_DIR = Path(__file__).parents[1] / "static"


@functools.cache
def static_version() -> str:
    """Return a name for the bytes of all static files together."""
    digest = hashlib.sha256()
    for path in sorted(STATIC_DIR.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(STATIC_DIR)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def static_base() -> str:
    """Return what the address of every static file begins with."""
    return f"/static/{static_version()}"
