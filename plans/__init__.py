"""Deciding and doing: which VMs, in what order, and what became of each."""
