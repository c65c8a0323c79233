"""Faust wiring: the agents that carry messages between Kafka and the pipeline."""
