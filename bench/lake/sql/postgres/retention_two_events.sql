-- First views of a meetup by week, and the weeks in which those persons asked for a place at or after it.
with members as (
    select person_id, min(timestamp) as started, date_trunc('week', min(timestamp))::date as cohort
    from events
    where {{range}} and event_name = 'meetup_viewed'
    group by person_id
),
returns as (
    select distinct person_id, cohort, date_trunc('week', timestamp)::date as bucket
    from events join members using (person_id)
    where {{range}} and event_name = 'meetup_requested' and timestamp >= started
)
select cohort, (bucket - cohort) / 7 as period, count(*)
from returns
where (bucket - cohort) / 7 < 8
group by 1, 2
union all
select cohort, -1, count(*) from members group by cohort
