"""A project that is not ours: it has `analytics` from the wheel, and knows nothing else of this repository."""
