"""The demonstration: everything embedded, on the sample text that ships with Rolestream."""
