"""Tables for other people's programs."""
