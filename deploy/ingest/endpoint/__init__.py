"""An HTTP way in, for those who cannot speak Kafka."""
