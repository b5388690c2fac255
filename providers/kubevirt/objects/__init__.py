"""A cluster's objects in neutral words, one at a time: pure functions of what was read."""
