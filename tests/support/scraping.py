"""Reading `/metrics` as Prometheus does."""

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """What one scrape gave: `labels` of each sample's name, and the values."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.types = {family.name: family.type for family in families}
        self._samples = [sample for family in families for sample in family.samples]

    @property
    def labels(self) -> Mapping[str, frozenset[str]]:
        """Give the labels that each sample's name comes with."""
        return {
            name: frozenset().union(*(sample.labels for sample in self._samples if sample.name == name))
            for name in {sample.name for sample in self._samples}
        }

    def value(self, name: str, **labels: str) -> float | None:
        """Give the one value of these labels; None where there is none."""
        found = [sample.value for sample in self._samples if sample.name == name and sample.labels == labels]
        assert len(found) < 2
        return found[0] if found else None

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        """Give all values of a name, by the values of its labels in the order of their names."""
        return {
            tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
            for sample in self._samples
            if sample.name == name
        }


def scrape(url: str) -> Scrape:
    """Scrape a running bridge."""
    answer = httpx.get(f"{url}/metrics", timeout=30)
    assert answer.status_code == 200
    return Scrape(answer.text)


def say_nonsense(url: str) -> None:
    """Send what is not HTTP, and wait for the end of the connection."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        while connection.recv(4096):
            pass
