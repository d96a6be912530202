-- Members of each cohort by the periods after it in which they were there again; period -1 is the cohort's size.
with active as (
    select distinct person_id, {{bucket}} as bucket
    from events
    where {{range}} and event_name = '{{event}}'
)
select cohorts.bucket, (later.bucket - cohorts.bucket) / {{days}} as period, count(*)
from active as cohorts join active as later using (person_id)
where later.bucket >= cohorts.bucket and (later.bucket - cohorts.bucket) / {{days}} < {{periods}}
group by 1, 2
union all
select bucket, -1, count(*) from active group by bucket
