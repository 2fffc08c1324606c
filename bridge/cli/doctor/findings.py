"""What a check comes to: one line for people, one object for scripts."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's result: `subject` is what was looked at, `message` how it is, `advice` what to do about it."""

    verdict: Verdict
    subject: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.message}; {self.advice}" if self.advice else self.message


def ok(subject: str, message: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(verdict="ok", subject=subject, message=message)


def warning(subject: str, message: str, advice: str) -> Finding:
    """Say what an operator should look at, and may leave."""
    return Finding(verdict="warning", subject=subject, message=message, advice=advice)


def failure(subject: str, message: str, advice: str) -> Finding:
    """Say what stands in a bridge's way."""
    return Finding(verdict="failure", subject=subject, message=message, advice=advice)
