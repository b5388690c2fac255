"""What a migration does next, told by its journal: pure functions."""
