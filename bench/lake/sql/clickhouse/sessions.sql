-- Sessions: how many, how long, how busy, and how many of one single event.
select
    'all',
    count(),
    avg(length) / 1e6,
    quantileExactInclusive(0.5)(length) / 1e6,
    sum(events) / count(),
    countIf(events = 1) / count()
from
(
    select dateDiff('microsecond', min(timestamp), max(timestamp)) as length, count() as events
    from events
    where {{range}} and session_id != ''
    group by session_id
    union all
    select dateDiff('microsecond', min(timestamp), max(timestamp)) as length, count() as events
    from ({{runs}})
    group by person_id, run
)
