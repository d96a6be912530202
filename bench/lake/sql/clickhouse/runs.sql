-- Events without a session id, with the number of the run of events in which there is no silence of half an hour.
select person_id, timestamp, event_name, sum(opens) over (partition by person_id order by timestamp) as run
from
(
    select
        person_id,
        event_name,
        timestamp,
        dateDiff('microsecond', lagInFrame(timestamp, 1, toDateTime64('1970-01-01', 6, 'UTC')) over
            (partition by person_id order by timestamp rows between unbounded preceding and current row), timestamp) > 1800000000 as opens
    from events
    where {{range}} and session_id = ''
)
