"""Whole moves by the command line, of guests that boot."""
