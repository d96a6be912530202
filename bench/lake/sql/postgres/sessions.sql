-- Sessions: how many, how long, how busy, and how many of one single event.
with sessions as (
    select extract(epoch from max(timestamp) - min(timestamp))::float8 as length_s, count(*) as events
    from events
    where {{range}} and session_id <> ''
    group by session_id
    union all
    select extract(epoch from max(timestamp) - min(timestamp))::float8, count(*)
    from ({{runs}}) as runs
    group by person_id, run
)
select
    'all',
    count(*),
    avg(length_s),
    percentile_cont(0.5) within group (order by length_s),
    sum(events)::float8 / count(*),
    (count(*) filter (where events = 1))::float8 / count(*)
from sessions
