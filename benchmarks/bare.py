"""The control: a bare Starlette endpoint that reads the body and answers 202, on uvicorn at its fastest."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.process import SERVER_CPU, free_port, running, wait_until_ready
from benchmarks.rounds import Server


async def receive(request: Request) -> Response:
    """Read the body, and no more."""
    await request.body()
    return Response(status_code=202)


app = Starlette(
    routes=[
        Route("/hooks/stripe", receive, methods=["POST"]),
        Route("/hooks/github", receive, methods=["POST"]),
        Route("/pins/p-sales", receive, methods=["PUT"]),
        Route("/readyz", lambda _: Response()),
    ]
)


@contextmanager
def bare(folder: Path, *, cpu: int = SERVER_CPU) -> Iterator[Server]:
    """Run it until the block ends."""
    port = free_port()
    log = folder / "bare.log"
    with running([sys.executable, "-m", "benchmarks.bare", "--port", str(port)], cpu=cpu, log=log) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/readyz", process, log)
        yield Server(hook=f"{url}/hooks/stripe", process=process)


def main() -> None:
    """Serve on the port that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=parser.parse_args().port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
