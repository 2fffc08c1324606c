"""One way for all tests to run the cases of mappings, on sources that sign nothing."""

from bridge.inbound import load_sources
from bridge.mappings import MappingSet, load_texts
from bridge.rehearsal import CaseResult, Stage


def stage(mappings: MappingSet, declared: bytes) -> Stage:
    """Give where the cases of these mappings are run, with `sources.yaml` as it is declared here."""
    sources = load_sources(mappings.source_places, declared, lambda _: (), secrets_are_required=False)
    return Stage(mappings=mappings, sources=sources, horizon_s=35 * 86400, max_body_bytes=2**20)


def results(text: str, declared: bytes) -> list[CaseResult]:
    """Run the cases of one mapping, `m`."""
    mappings = load_texts({"m.yaml": text.encode()}, {})
    mapping = mappings.mappings["m"]
    return [stage(mappings, declared).run(mapping, case) for case in mapping.cases]
