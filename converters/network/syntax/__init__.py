"""The few forms in which network configuration is written, read within bounds and with line numbers."""
