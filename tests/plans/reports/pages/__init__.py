"""A report's forms."""
