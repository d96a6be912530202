"""FastAPI's side of the API, and the ASGI root: capture routes, API routes, then Django for all else."""
