"""Verbs that only show: what the store holds, as rows, views and text."""
