"""What is remembered between events: folding changes into state, and reading values out of it.

Pure: no I/O and no clock. Rows are handed in and out (`rows.py`); whoever keeps them is `bridge.store`.
"""
