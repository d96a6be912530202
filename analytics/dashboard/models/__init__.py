"""The page of models: for each prediction whether it is in use, why, and how good it was on time it had not seen."""
