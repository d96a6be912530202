-- Members with a return event in their cohort's own period, at or after their start event.
with starts as materialized ({{starts}}),
members as materialized ({{members}}),
moments as (
    select
        {{bucket}} as bucket,
        person_id,
        min("timestamp") filter (where event_name = {{start_event}}) as started_at,
        max("timestamp") filter (where event_name = {{return_event}}) as returned_at
    from ({{tracks}})
    where event_name in ({{start_event}}, {{return_event}}) and person_id is not null and {{filter}}
    group by all
)
select bucket as cohort, count(*) as persons
from members join moments using (bucket, person_id)
where returned_at >= started_at
group by bucket
