"""Predictions about persons: learned from past cutoffs, judged on a later time, given with what they rest on."""
