"""A guest before and after: what was known, what is told, and both side by side."""
