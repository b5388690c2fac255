"""A vCenter for the tests: govmomi's simulator with a main of ours, as strict as ESXi, and the proof that it is."""
