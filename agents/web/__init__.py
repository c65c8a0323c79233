"""What a process shows over HTTP: metrics, health, and the live page."""
