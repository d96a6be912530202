"""The page of anomalies: a metric beside the band that its own past lets expect, and what that would have told."""
