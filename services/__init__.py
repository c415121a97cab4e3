"""The four services. None imports another; events are the only road between them."""
