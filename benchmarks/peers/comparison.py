"""The bridge beside what others take for webhooks, on the same requests: GitHub's signature over 1.6 KB of JSON.

They do not do the same; what each does is said beside the figures. A peer that cannot be had here is named with the
reason, and the rest goes on.
"""

import statistics
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.bare import bare
from benchmarks.bridge_server import bridge_server, sandbox
from benchmarks.figures import at_least, chart, spread, table
from benchmarks.peers import installing, servers
from benchmarks.peers.installing import NotInstalled
from benchmarks.process import LOAD_CPU, BenchmarkFailed
from benchmarks.rounds import COLUMNS, CONNECTIONS, Rounds, Server, alternate, columns, ratios
from benchmarks.sales import sales_mapping
from benchmarks.traffic import SECRET, signed_requests

WANTED_OF_NODE_RED = 2
BARE, BRIDGE, NODE_RED = "bare Starlette", "pinbridge serve", "Node-RED 4"

DOINGS = ("server", "verifies", "durable before the answer", "a repeated delivery", "on the dashboard")


class Peer(NamedTuple):
    """What a server does with an event, in words of the table; `run` starts it."""

    run: Callable[[], AbstractContextManager[Server]]
    verifies: str
    durable: str
    repeats: str
    dashboard: str


def measure(folder: Path, *, rounds: int, requests: int) -> str:
    """Measure and give the report."""
    missing: dict[str, str] = {}
    started: dict[str, Server] = {}
    upstream_folder = folder / "upstream"
    upstream_folder.mkdir()
    with ExitStack() as running:
        upstream = running.enter_context(bare(upstream_folder, cpu=LOAD_CPU))
        peers = _peers(folder, upstream.hook.replace("/hooks/stripe", "/pins/p-sales"), requests)
        for name, peer in peers.items():
            try:
                started[name] = running.enter_context(peer.run())
            except NotInstalled as reason:
                missing[name] = str(reason)
            else:
                if peer.verifies != "no":
                    _check_verifies(name, started[name])
        results = alternate(started, rounds=rounds, requests=requests)
    return _report(results, peers, missing, requests)


def _peers(folder: Path, upstream: str, requests: int) -> dict[str, Peer]:
    """Name the servers; slow ones are asked for less, so that a round lasts a few seconds."""
    less, least = requests // 4, requests // 16
    return {
        BARE: Peer(
            run=lambda: _control(folder),
            verifies="no",
            durable="no",
            repeats="taken again",
            dashboard="nothing",
        ),
        BRIDGE: Peer(
            run=lambda: _bridge(folder / "bridge"),
            verifies="yes",
            durable="yes",
            repeats="known",
            dashboard="the newest state, within its budget, retried",
        ),
        NODE_RED: Peer(
            run=lambda: servers.node_red(folder, upstream, less),
            verifies="in a function of ours",
            durable="no",
            repeats="taken again",
            dashboard="the newest event, each 5 s, not retried",
        ),
        "@octokit/webhooks": Peer(
            run=lambda: servers.octokit(folder),
            verifies="yes",
            durable="no",
            repeats="taken again",
            dashboard="what one's handler does; here it adds up",
        ),
        "webhook, of Debian": Peer(
            run=lambda: servers.webhook(folder, least),
            verifies="yes",
            durable="no",
            repeats="taken again",
            dashboard="what a command does that is started for each event; here `true`",
        ),
        "FastAPI, an update each": Peer(
            run=lambda: servers.fastapi(folder, "updating", less, UPSTREAM=upstream),
            verifies="in 3 lines of ours",
            durable="no",
            repeats="taken again",
            dashboard="each event, whatever the budget; the answer waits for it",
        ),
        "FastAPI, each into SQLite": Peer(
            run=lambda: servers.fastapi(folder, "storing", less, DATABASE=str(folder / "direct.db")),
            verifies="in 3 lines of ours",
            durable="yes",
            repeats="known",
            dashboard="nothing yet",
        ),
    }


@contextmanager
def _control(folder: Path) -> Iterator[Server]:
    with bare(folder) as server:
        yield _on_github(server)


@contextmanager
def _bridge(folder: Path) -> Iterator[Server]:
    folder.mkdir()
    mappings = {"sales.yaml": sales_mapping(source="github")}
    with (
        sandbox(folder, rate="180/60s") as destination,
        bridge_server(folder, mappings, destination, GITHUB_WEBHOOK_SECRET=SECRET) as server,
    ):
        yield _on_github(server)


def _check_verifies(name: str, server: Server) -> None:
    """Fail unless the server refuses an event whose body was changed after it was signed."""
    (sent,) = signed_requests(servers.HOOK, range(1), shops=1)
    head, _, body = sent.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    forged = urllib.request.Request(server.hook, data=body.replace(b"4900", b"9900"), headers=fields)  # noqa: S310 - ours
    try:
        urllib.request.urlopen(forged, timeout=10)  # noqa: S310 - ours
    except urllib.error.HTTPError:
        return  # with 400, 401 or even 500
    raise BenchmarkFailed(f"{name} does not refuse a wrong signature")


def _on_github(server: Server) -> Server:
    return replace(server, hook=server.hook.replace("/hooks/stripe", servers.HOOK))


def _report(results: Mapping[str, Rounds], peers: Mapping[str, Peer], missing: Mapping[str, str], requests: int) -> str:
    figures = [
        (name, *columns(rounds), spread(ratios(rounds, results[BARE]), 2), spread(ratios(results[BRIDGE], rounds), 1))
        for name, rounds in results.items()
    ]
    doings = [(name, *peers[name][1:]) for name in results]
    bars = {name: statistics.median([each.rps for each in rounds]) for name, rounds in results.items()}
    absent = [f"- not measured: {name}, since {reason}" for name, reason in missing.items()]
    wanted = []
    if NODE_RED in results:
        of_node_red = statistics.median(ratios(results[BRIDGE], results[NODE_RED]))
        wanted = [at_least("Pinbridge, of Node-RED", WANTED_OF_NODE_RED, of_node_red)]
    return (
        "## Beside what others take for webhooks\n\n"
        f"{table(('server', *COLUMNS, 'of bare', 'Pinbridge, of it'), figures)}\n\n"
        f"{table(DOINGS, doings)}\n\n"
        f"{chart('Requests a second', 'requests', bars)}\n\n"
        f"{len(results[BARE])} rounds of {requests:,} events (a quarter or a sixteenth of it for the slow ones), "
        f"{CONNECTIONS} connections; median (lowest-highest). {installing.versions()}. All get the same bytes with "
        "GitHub's signature, those that verify refused a wrong one, and all have one CPU; commands that are started "
        "count. The upstream is a bare endpoint on the other CPU, faster than any dashboard.\n\n"
        + "\n".join((*wanted, *absent))
    )
