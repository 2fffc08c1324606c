"""`state`: what a mapping remembers between events, as its author defined it. What it comes to is `bridge.state`."""
