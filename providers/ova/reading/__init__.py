"""Opening a disk of an OVA inside a worker: from where its bytes lie to the three shapes that the transfer knows."""
