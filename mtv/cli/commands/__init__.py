"""The commands, a module for each group: what is said on the command line, and nothing that does it."""
