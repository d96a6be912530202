-- Times of events of some nodes.
select person_id, "timestamp" from ({{events}}) where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}}
