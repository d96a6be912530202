"""The page of personas: a map of users, what sets each kind apart, and who belongs to it."""
