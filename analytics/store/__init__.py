"""Set-based reads and writes of the hot rows; the only SQL outside `eventlake`.

Functions here expect to run inside a transaction that an engine opened.
"""
