"""Saved reports and dashboards: the pages, the acts of their buttons, and what readers with a link see.

A report is asked as its explorer asks it (`asking`), and shown by the same modules of results. What the lists and forms
write goes through `analytics.reports`, as the API does.
"""
