"""Kinds of users, found by what they have in common, and named by what sets them apart."""
