"""Bytes of foreign formats: pure, bounded."""
