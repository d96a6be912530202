"""Benchmarks: each measures this product beside a peer or a limit in the same run, on loopback only."""
