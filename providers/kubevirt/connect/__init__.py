"""How a cluster is found and who we are there: kubeconfig, ServiceAccount, certificates, tokens, plugins."""
