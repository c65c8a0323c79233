"""The policies, one file each, and how to make one by its name."""
