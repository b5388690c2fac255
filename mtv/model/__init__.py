"""What crosses between the parts: frozen objects, no I/O, no vendor's word."""
