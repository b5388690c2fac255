"""Guests that the tests build themselves, cached outside the tree by content: one real Debian, three phony systems."""
