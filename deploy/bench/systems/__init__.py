"""Other projects' ways of doing the same work; each file is a program that stands alone."""
