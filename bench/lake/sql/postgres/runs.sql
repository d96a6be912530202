-- Events without a session id, with the number of the run of events in which there is no silence of half an hour.
select person_id, timestamp, event_name, sum(opens) over (partition by person_id order by timestamp) as run
from (
    select
        person_id,
        event_name,
        timestamp,
        case when timestamp - lag(timestamp) over (partition by person_id order by timestamp) <= interval '30 minutes'
            then 0 else 1 end as opens
    from events
    where {{range}} and session_id = ''
) as silences
