"""Readers that turn a file or standard input into the messages of a stream."""
