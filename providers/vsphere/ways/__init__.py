"""The ways to read a disk of a VM: which of them is open, what a worker is told, and how its process reads by it."""
