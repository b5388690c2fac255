"""A VirtualMachine's parts, each a pure function of the shape. What is lost in each, `losses` says."""
