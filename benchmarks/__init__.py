"""How fast the heavy parts are: each benchmark measures ours, the limit and the peer in one run."""
