"""Is it well? For health checks: exit code 0 when the address answers 200.

python -m services.chassis.probe [URL]
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

PROBE_SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """Ask `arguments[0]`, or our own `/readyz`; return 0 when all is well."""
    own = f"http://127.0.0.1:{os.environ.get('LISTEN_PORT', '8000')}/readyz"
    url = urlsplit(arguments[0] if arguments else own)
    assert url.hostname, "the probe needs an address such as http://127.0.0.1:8000/readyz"
    # The plain client: it starts quickly, and no proxy of the machine stands in between.
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", url.path or "/")
        response = connection.getresponse()
        said = response.read(2_000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as exc:
        sys.stderr.write(f"no answer: {exc}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{response.status} {said}\n")
    return 0 if response.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
