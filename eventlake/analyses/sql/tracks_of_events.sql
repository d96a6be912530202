-- Tracks of the events that no rollup covers.
select event_name, person_id, "timestamp" from ({{events}}) where person_id is not null
