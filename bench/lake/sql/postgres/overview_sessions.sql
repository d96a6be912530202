-- Sessions of both ranges; one that reaches over the border is cut there.
with sessions as (
    select
        timestamp >= '{{middle}}' as is_now,
        extract(epoch from max(timestamp) - min(timestamp))::float8 as length_s,
        count(*) as events
    from events
    where {{range}} and session_id <> ''
    group by is_now, session_id
    union all
    select
        timestamp >= '{{middle}}' as is_now,
        extract(epoch from max(timestamp) - min(timestamp))::float8,
        count(*)
    from ({{runs}}) as runs
    group by is_now, person_id, run
)
select
    case when is_now then 'now' else 'before' end,
    count(*),
    avg(length_s),
    (count(*) filter (where events = 1))::float8 / count(*)
from sessions
group by is_now
