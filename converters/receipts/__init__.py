"""Signed proof: the engine's key, the receipt that it signs, and holding target disks against it again."""
