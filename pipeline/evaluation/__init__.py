"""Scores the whole pipeline against gold labels: subjects, sentences, categories, money, time."""
