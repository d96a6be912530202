"""Sentiment of short texts: a local model over VADER, TextBlob and n-grams, with a calibrated confidence."""
