"""Answers as people read them: one module for each analysis, all giving a `Result`."""
