"""The analyses: each a typed question, one SQL file per query, a typed answer with its proof."""
