"""Kafka brokers for one machine: an embedded one for demos, Apache Kafka for tests."""
