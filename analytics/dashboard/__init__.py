"""The pages that people look at: a shell that stands at once, and fragments that bring the data by htmx.

A page is a `DashboardPage` and a `DashboardData` in a module of its own, two routes in `urls`, a template for
each and an entry in `navigation.PAGES`. Figures come from `analytics.reports` only. Everything works under a content
security policy without inline script or style: our script is in static files, data in JSON blocks.
"""
