"""The message contracts as documents: JSON Schema for each message, AsyncAPI for the whole."""
