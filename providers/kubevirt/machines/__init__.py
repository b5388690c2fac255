"""A moved VM as the cluster has it: made halted, started and stopped, asked, and removed."""
