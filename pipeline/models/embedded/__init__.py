"""Keyless models behind an OpenAI-compatible server: code, embeddings and llama.cpp arms."""
