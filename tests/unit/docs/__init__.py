"""The documentation, held to what the project is."""
