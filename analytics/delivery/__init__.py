"""What leaves the house: alerts and summaries by e-mail and signed webhook, events to sinks such as PostHog.

`relay` delivers messages of the outbox, `forwarding` hands the stream of events on; both may be killed at any line and
go on where they were. `outbound` is the only way out. Nothing is sent anywhere before somebody has set it up.
"""
