"""What each trigger of a mapping made of a delivery, and why: as lines for people, and as JSON for scripts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bridge.events import Json
from bridge.mappings import FAILED, Mapping, Outcome
from bridge.mappings.triggers.explanation import MOST_ITEMS, Explanation, Pass, explain
from bridge.mappings.triggers.extraction import ASKS_FOR_DEFAULT
from bridge.mappings.values.values import excerpt, plain
from bridge.rehearsal import Delivery, Heard

_WORDS = {
    "matched": "matches",
    "not_matched": "does not match",
    "no_items": "finds no items",
    "no_pin": "finds no pin",
    "pin_taken": "may not have the pin",
    "duplicate_item": "met this item before",
    "held_back": "is held back",
    "too_late": "comes too late",
    "inexact_number": "meets a number that is not exact",
    "error": "fails",
}
_WIDEST = 50


def explanation_lines(mapping: Mapping, delivery: Delivery) -> Iterator[str]:
    """Give the lines that tell it, trigger by trigger; none for a delivery that was refused."""
    if isinstance(delivery.heard, Heard) and delivery.heard.is_duplicate:
        yield "a duplicate: this delivery was met before, so it changes nothing; else"
    for explanation in _explanations(mapping, delivery):
        yield from _trigger_lines(explanation, delivery.outcomes_of(explanation.trigger))


def explanations_json(mapping: Mapping, delivery: Delivery) -> list[Json]:
    """Give the same for a script."""
    return [_trigger_json(each, delivery.outcomes_of(each.trigger)) for each in _explanations(mapping, delivery)]


def why_not_asked(mapping: Mapping, deliveries: Sequence[Delivery]) -> str:
    """Say why no trigger looks at any of the deliveries; empty where one does, or where one was refused."""
    heard_all = all(isinstance(delivery.heard, Heard) for delivery in deliveries)
    told = [each for delivery in deliveries for each in _explanations(mapping, delivery)]
    if not (heard_all and told and all(each.not_asked for each in told)):
        return ""
    return f"{told[0].trigger}: {told[0].not_asked}"


def _explanations(mapping: Mapping, delivery: Delivery) -> list[Explanation]:
    heard = delivery.heard
    return [explain(trigger, heard.event) for trigger in mapping.triggers] if isinstance(heard, Heard) else []


def _trigger_lines(explanation: Explanation, outcomes: Sequence[Outcome]) -> Iterator[str]:
    trigger, count = explanation.trigger, max(explanation.items, 1)
    if explanation.not_asked:
        yield f"{trigger} is not asked: {explanation.not_asked}"
        return
    if len(outcomes) != count:
        yield from _outcomes_in_brief(explanation, outcomes)
        for each in explanation.passes:
            yield from _pass_lines(each)
    else:
        named = [f"{trigger}, item {index:,} of {count:,}" if count > 1 else trigger for index in range(1, count + 1)]
        told = list(zip(named, outcomes, strict=True))
        for (name, outcome), each in zip(told, explanation.passes, strict=False):
            yield _outcome_line(name, outcome, each.advice)
            yield from _pass_lines(each)
        failed = (_outcome_line(*each) for each in told[len(explanation.passes) :] if each[1].kind in FAILED)
        yield from list(failed)[:1]
    if (left_out := explanation.items - len(explanation.passes)) > 0:
        yield f"{trigger}: and {left_out:,} more items"


def _outcomes_in_brief(explanation: Explanation, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Tell outcomes that do not come one for each item: of each kind a few, and the last, which may speak for many.

    There is none at all where the trigger was ruled out together with others.
    """
    advice = {each.fault: each.advice for each in explanation.passes if each.fault}
    if not outcomes:
        fault = next(iter(advice), "")
        told = f"fails: {_advised(fault, advice[fault])}" if fault else "does not match"
        yield f"{explanation.trigger} {told}"
    kinds: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.kind].append(outcome)
    for alike in kinds.values():
        shown = alike if len(alike) <= MOST_ITEMS else [*alike[: MOST_ITEMS - 1], alike[-1]]
        for outcome in shown:
            yield _outcome_line(explanation.trigger, outcome, advice.get(outcome.reason, ""))


def _outcome_line(trigger: str, outcome: Outcome, advice: str = "") -> str:
    pin = f" → {outcome.pin}" if outcome.pin else ""
    # What did not hold stands among the conditions below.
    reason = f": {_advised(outcome.reason, advice)}" if outcome.reason and outcome.kind != "not_matched" else ""
    return f"{trigger} {_WORDS[outcome.kind]}{pin}{reason}"


def _advised(reason: str, advice: str) -> str:
    """Give a reason with the path that was meant; it asks for a default only where that is a guess."""
    told = reason.removesuffix(f"; {ASKS_FOR_DEFAULT}")
    is_certain = told == reason or not advice.endswith("?")
    return f"{told}; {advice}{'' if is_certain else f' Else {ASKS_FOR_DEFAULT}'}" if advice else reason


def _pass_lines(each: Pass) -> Iterator[str]:
    for condition in each.conditions:
        advice = f"; {each.advice}" if each.advice and not condition.holds else ""
        yield f"  {'✓' if condition.holds else '✗'} {condition.said}{advice}"
    names = max((len(taken.name) for taken in each.variables), default=0)
    texts = min(max((len(taken.written) for taken in each.variables), default=0), _WIDEST)
    for taken in each.variables:
        yield f"  {taken.name:<{names}} = {taken.written:<{texts}}  {excerpt(taken.value)}"


def _trigger_json(explanation: Explanation, outcomes: Sequence[Outcome]) -> dict[str, Json]:
    told: list[Json] = [{"outcome": each.kind, "pin": each.pin, "reason": each.reason} for each in outcomes]
    passes: list[Json] = [_pass_json(each) for each in explanation.passes]
    return {
        "trigger": explanation.trigger,
        "not_asked": explanation.not_asked,
        "outcomes": told,
        "items": explanation.items,
        "passes": passes,
    }


def _pass_json(each: Pass) -> dict[str, Json]:
    variables: dict[str, Json] = {
        taken.name: {"written": taken.written, "value": plain(taken.value)} for taken in each.variables
    }
    conditions: list[Json] = [{"holds": condition.holds, "said": condition.said} for condition in each.conditions]
    return {"conditions": conditions, "variables": variables, "fault": each.fault, "advice": each.advice}
