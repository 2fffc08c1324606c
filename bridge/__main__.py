"""`python -m bridge` is the command `pinbridge`."""

from bridge.cli import main

main()
