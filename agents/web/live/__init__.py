"""What a deployment does at the moment, put together from its Kafka topics, in bounded memory."""
