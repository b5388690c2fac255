"""A fake of KubeVirt: what becomes of VirtualMachines, and the API of their subresources."""
