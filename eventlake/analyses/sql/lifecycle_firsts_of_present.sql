-- When everybody came first, if being there is any event.
select person_id, min(bucket) as bucket from present group by person_id
