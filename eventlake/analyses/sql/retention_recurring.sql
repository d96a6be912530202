-- Everybody in each period with a start event.
select person_id, bucket from starts
