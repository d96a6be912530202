"""Quality of the intelligence, measured beside baselines."""
