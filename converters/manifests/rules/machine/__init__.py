"""Rules of a VirtualMachine and of the instance that it makes."""
