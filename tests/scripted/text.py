"""The marked sentences of the benches, for tests."""

from deploy.bench.marked_text import Truth, marked, truth

__all__ = ["Truth", "marked", "truth"]
