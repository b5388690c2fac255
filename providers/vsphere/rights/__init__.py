"""Which rights each way of reading needs, and which of them an account lacks."""
