"""GitHub's events: https://docs.github.com/en/webhooks/webhook-events-and-payloads."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from bridge.cli.demo.traffic.delivery import Delivery
from bridge.events import Json


def push(number: int, *, author: str, messages: list[str], at: datetime) -> Delivery:
    """Build a `push` to the main branch, one commit per message."""
    commits: list[Json] = [
        {
            "id": _commit_id(number, message),
            "message": message,
            "timestamp": (at - timedelta(minutes=len(messages) - place)).isoformat(),
            "url": f"https://github.example/acme/shop/commit/{_commit_id(number, message)}",
            "author": {"name": author, "email": f"{author.lower()}@acme.example", "username": author.lower()},
            "added": [],
            "removed": [],
            "modified": ["README.md"],
        }
        for place, message in enumerate(messages)
    ]
    payload: dict[str, Json] = {
        "ref": "refs/heads/main",
        "before": _commit_id(number - 1, ""),
        "after": _commit_id(number, messages[-1]),
        "repository": {**_REPOSITORY, "pushed_at": int(at.timestamp())},
        "pusher": {"name": author.lower(), "email": f"{author.lower()}@acme.example"},
        "sender": {"login": author.lower(), "type": "User"},
        "forced": False,
        "created": False,
        "deleted": False,
        "compare": "https://github.example/acme/shop/compare",
        "commits": commits,
        "head_commit": commits[-1],
    }
    says = f"{author} pushes {len(messages)} commit{'s' if len(messages) > 1 else ''} to acme/shop"
    return _delivery("push", number, payload, at, says)


def run(number: int, *, passed: bool, seconds: int, at: datetime) -> Delivery:
    """Build `workflow_run.completed`, of a run on the main branch that ended just then."""
    began = (at - timedelta(seconds=seconds)).isoformat()
    workflow_run: dict[str, Json] = {
        "id": 17_000_000 + number,
        "name": "CI",
        "head_branch": "main",
        "event": "push",
        "status": "completed",
        "conclusion": "success" if passed else "failure",
        "run_number": number,
        "run_attempt": 1,
        "created_at": began,
        "run_started_at": began,
        "updated_at": at.isoformat(),
    }
    payload: dict[str, Json] = {"action": "completed", "workflow_run": workflow_run, "repository": {**_REPOSITORY}}
    says = f"CI {'passes' if passed else 'fails'} after {seconds} seconds"
    return _delivery("workflow_run", number, payload, at, says)


def pull(number: int, action: Literal["opened", "merged"], *, title: str, opened: datetime, at: datetime) -> Delivery:
    """Build `pull_request.opened`, or `.closed` where it is merged."""
    merged = action == "merged"
    pull_request: dict[str, Json] = {
        "id": 880_000 + number,
        "number": number,
        "state": "closed" if merged else "open",
        "title": title,
        "user": {"login": "grace", "type": "User"},
        "draft": False,
        "merged": merged,
        "created_at": opened.isoformat(),
        "updated_at": at.isoformat(),
        "merged_at": at.isoformat() if merged else None,
    }
    payload: dict[str, Json] = {
        "action": "closed" if merged else "opened",
        "number": number,
        "pull_request": pull_request,
        "repository": {**_REPOSITORY},
    }
    return _delivery("pull_request", number, payload, at, f"pull request #{number} is {action}: {title}")


_REPOSITORY: dict[str, Json] = {
    "id": 1296269,
    "name": "shop",
    "full_name": "acme/shop",
    "default_branch": "main",
    "html_url": "https://github.example/acme/shop",
}


def _delivery(event: str, number: int, payload: dict[str, Json], at: datetime, says: str) -> Delivery:
    known_by = f"{event} {payload.get('action', '')} {number}"
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": str(uuid5(NAMESPACE_URL, known_by))}
    return Delivery(source="github", says=says, payload=payload, at=at, headers=headers)


def _commit_id(number: int, message: str) -> str:
    return hashlib.sha1(f"{number} {message}".encode(), usedforsecurity=False).hexdigest()
