-- Members of each cohort by the periods after it in which they were there again; period -1 is the cohort's size.
with active as (
    select distinct person_id, {{bucket}} as bucket
    from events
    where {{range}} and event_name = '{{event}}'
),
members as (
    select person_id, min(bucket) as cohort from active group by person_id
)
select cohort, (bucket - cohort) / {{days}} as period, count(*)
from members join active using (person_id)
where (bucket - cohort) / {{days}} < {{periods}}
group by 1, 2
union all
select cohort, -1, count(*) from members group by cohort
