"""What all workers share: requests and tokens a minute of a provider, and money."""
