-- Events with the session to which they belong: the client's session_id, or where there is none, the person
-- and the number of their run of events without a silence of more than 30 minutes. Sessions are formed from all
-- events of the range, whatever a filter keeps of them later; events with neither id nor person have none (null).
select *, case when session_id <> '' then concat('s', session_id) end as session_key
from events
where session_id <> '' or person_id is null
union all by name
select
    * exclude (opens),
    concat('p', person_id, '/', count(*) filter (where opens)
        over (partition by person_id order by "timestamp")) as session_key  -- events of one instant are peers: they count alike
from (
    select
        *,
        coalesce(
            epoch_us("timestamp") - lag(epoch_us("timestamp")) over (partition by person_id order by "timestamp")
                > $silence_us,
            true
        ) as opens
    from events
    where coalesce(session_id, '') = '' and person_id is not null
)
