"""The deployable: settings, servers, queue and entry points around the reusable `analytics` app."""
