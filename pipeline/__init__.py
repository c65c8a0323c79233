"""What Rolestream decides; imports neither Faust nor a Kafka client."""
