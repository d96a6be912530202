"""The explorers: six analyses asked by a form, answered as chart, table and file.

An address holds the whole question (`address`), so it can be shared and gone back to. One `Question` serves all six;
what differs stands in `analyses` and in a module of `results` each. Pickers and the filter builder know no page.
"""
