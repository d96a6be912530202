-- A bucket is a day, so every row stays as it is.
select {{bucket}} as bucket, person_id, events, has_converted from ({{days}})
