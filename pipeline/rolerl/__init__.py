"""Role-RL: which arm plays which role, what was observed of it, and what that cost."""
