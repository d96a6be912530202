"""Where events are handed on to. A sink is one small class; `ANALYTICS_SINKS` names those that there are."""
