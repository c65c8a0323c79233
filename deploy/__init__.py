"""What runs Rolestream: brokers, the command line, samples and the Docker files."""
