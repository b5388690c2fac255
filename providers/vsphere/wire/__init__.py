"""Talking to a vCenter or ESXi: addresses, trust, connections, SOAP, sessions."""
