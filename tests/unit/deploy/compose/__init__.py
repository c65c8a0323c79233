"""Tests of what the containers run and of the files that put them together."""
