"""The page of insights: claims with their evidence, verdicts on them, and how often each type was right."""
