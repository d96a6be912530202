-- Buckets of one day each, as days since 1970.
select bucket + {{first}} as day, person_id, events, has_converted from ({{days}})
