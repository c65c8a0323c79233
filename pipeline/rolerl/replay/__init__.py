"""Honest replay of recorded outcomes: a policy sees the line of an arm only if it ran it."""
