"""One module for each way in which a guest's network is configured. Each gives a `Reading`; none knows the others."""
