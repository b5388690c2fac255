"""The columns, and what is counted by them."""
