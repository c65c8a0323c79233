"""What the benches need: text, a model server, the systems under comparison, their figures."""
