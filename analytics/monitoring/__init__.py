"""What operators watch: durations, retries, backlog and memory, in Prometheus' format."""
