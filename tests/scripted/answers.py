"""The right answers of the benches' model server, for tests."""

from deploy.bench.right_answers import right_answer

__all__ = ["right_answer"]
