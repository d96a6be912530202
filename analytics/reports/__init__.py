"""Read-only use cases: what the API and the dashboard ask. They compute nothing that `eventlake` can answer."""
