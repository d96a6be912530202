"""The pipeline's steps, a subject a file; `analytics.ingestion.pipeline` puts them in order."""
