"""The page of sentiment: over time, by event, by score, examples, what goes with it, and a text to try."""
