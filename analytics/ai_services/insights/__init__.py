"""Insights: claims with evidence, kept under a natural key, and judged by people and by what happened."""
