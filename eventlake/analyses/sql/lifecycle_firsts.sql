-- When everybody came first.
select person_id, min(bucket) as bucket from ({{seen}}) group by person_id
