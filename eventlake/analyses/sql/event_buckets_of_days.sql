-- Days become buckets.
select {{bucket}} as bucket, event_name, event_type, events, revenue from ({{days}})
