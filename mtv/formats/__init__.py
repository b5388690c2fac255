"""Bytes of foreign formats: pure, bounded. Input is a `read(offset, length)` and a size; nothing is opened here."""
