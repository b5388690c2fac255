"""Measurements beside other programs, by `make bench`: not tests, for what they find depends on the machine."""
