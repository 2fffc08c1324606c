"""What a user would write without a bridge: two FastAPI apps that verify a webhook, parse it, and do one thing more.

`updating` sends an update for each event, and answers once that is done. `storing` keeps each event in SQLite in a
transaction of its own, knows those that it has already, and leaves the sending to somebody else. Both run from an
environment of their own, `requirements.txt`; neither is part of Pinbridge.
"""

import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException, Request

SECRET = os.environ["SECRET"].encode()


async def verified(request: Request) -> Any:
    """Give the payload of a webhook whose signature matches."""
    body = await request.body()
    wanted = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("x-hub-signature-256", "")):
        raise HTTPException(401, "the signature does not match")
    return json.loads(body)


@asynccontextmanager
async def _upstream(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient() as client:
        app.state.client = client
        yield


@asynccontextmanager
async def _database(app: FastAPI) -> AsyncIterator[None]:
    connection = app.state.connection = sqlite3.connect(os.environ["DATABASE"])
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, payload TEXT NOT NULL)")
    yield
    connection.close()


updating = FastAPI(lifespan=_upstream)
storing = FastAPI(lifespan=_database)


@updating.post("/hooks/github", status_code=202)
async def update(request: Request) -> dict[str, str]:
    """Send what the event says, and answer then."""
    payment = (await verified(request))["data"]["object"]
    cards = [
        {"title": "Last sale", "value": f"€{payment['amount_received'] / 100:.2f}"},
        {"title": "From", "value": payment["receipt_email"]},
    ]
    answer = await updating.state.client.put(
        os.environ["UPSTREAM"], json={"metadata": {"pin_config": {"cards": cards}}}
    )
    answer.raise_for_status()
    return {"status": "sent"}


@storing.post("/hooks/github", status_code=202)
async def store(request: Request) -> dict[str, str]:
    """Store the event, unless it was before, and answer once that is durable."""
    payload = await verified(request)
    with storing.state.connection as connection:
        connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (payload["id"], json.dumps(payload)))
    return {"status": "stored"}


@updating.get("/readyz")
@storing.get("/readyz")
async def ready() -> dict[str, str]:
    """Tell that it listens."""
    return {"status": "ready"}
