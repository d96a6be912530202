-- The event that starts is also the one that returns.
select person_id, bucket from starts
