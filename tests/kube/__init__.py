"""A one-node Kubernetes for the tests: its own servers, real Pods, and fakes of what cannot be had."""
