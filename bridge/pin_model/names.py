"""How pins and their types are named."""

import re
from typing import Final

PIN_ID: Final = re.compile(r"^p-[A-Za-z0-9_-]{1,64}\Z")
"""A pin's id: Pindown makes them from push keys, so case counts and `_` and `-` occur."""

_PUBLIC_TYPES: Final = """
alert-action bottom-detector calendar charts chat checklist csv-viewer embed excel-viewer file-upload
flexible-table gallery image indicator-table intro json-list json-viewer kanban-board line-chart links
long-short-pie markdown mastra mermaid pdf-viewer realtime-canvas roadmap score-gauge stat-cards steps
table text-media timeline user-story
"""
PIN_TYPES: Final = frozenset(_PUBLIC_TYPES.split())
"""The type names that are public. Pindown speaks of 43, so an unknown one is not an error."""
