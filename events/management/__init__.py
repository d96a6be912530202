"""Commands of the demo host."""
