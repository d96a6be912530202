"""Bringing in files of events: CSV, JSONL and Parquet, plain or gzipped, resumable to the row.

`readers` give rows, `mapping` makes an event of a row, `importer` stores them in batches with its progress in the same
transaction.
"""
