-- Sessions of both ranges; one that reaches over the border is cut there.
select period, count(), avg(length) / 1e6, countIf(events = 1) / count()
from
(
    select
        if(timestamp >= '{{middle}}', 'now', 'before') as period,
        dateDiff('microsecond', min(timestamp), max(timestamp)) as length,
        count() as events
    from events
    where {{range}} and session_id != ''
    group by period, session_id
    union all
    select
        if(timestamp >= '{{middle}}', 'now', 'before') as period,
        dateDiff('microsecond', min(timestamp), max(timestamp)) as length,
        count() as events
    from ({{runs}})
    group by period, person_id, run
)
group by period
