"""The demo: sandbox and bridge as real processes, signed sample traffic over real HTTP, told as it happens."""

from bridge.cli.demo.play import play

__all__ = ["play"]
