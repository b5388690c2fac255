"""RVTools' workbook: its tabs and columns, one table for who writes one and for who reads one. What is known of an
estate goes into them by `told`, comes back by `field`."""
