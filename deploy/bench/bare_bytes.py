"""A bare Litestar that answers the same bytes, served as our services are: a page's ceiling.

python -m deploy.bench.bare_bytes PORT FILE MEDIA_TYPE
"""

import sys
from pathlib import Path

import uvicorn
from litestar import Litestar, Response, get

BODY = Path(sys.argv[2]).read_bytes() if __name__ == "__main__" else b""


@get("/")
async def same() -> Response[bytes]:
    return Response(BODY, media_type=sys.argv[3])


if __name__ == "__main__":
    uvicorn.run(
        Litestar([same], openapi_config=None, logging_config=None),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
    )
