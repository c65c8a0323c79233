"""The live picture."""
