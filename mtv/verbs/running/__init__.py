"""Verbs that begin, drive, follow and steer runs."""
