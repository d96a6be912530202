-- Members with a return event in their cohort's own period, at or after their start event.
with starts as not materialized ({{starts}}),
members as materialized ({{members}}),
moments as (
    select {{bucket}} as bucket, person_id, event_name, "timestamp"
    from ({{tracks}})
    where event_name in ({{start_event}}, {{return_event}}) and person_id is not null and {{filter}}
)
select bucket as cohort, count(*) as persons
from (
    select bucket, person_id
    from moments semi join members using (bucket, person_id)
    group by all
    having max("timestamp") filter (where event_name = {{return_event}})
        >= min("timestamp") filter (where event_name = {{start_event}})
)
group by bucket
