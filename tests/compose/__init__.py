"""The compose files brought up for real."""
