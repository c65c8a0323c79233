"""The pool of model arms and the one client that calls them."""
