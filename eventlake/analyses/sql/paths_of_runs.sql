-- The rows of sequences: a sequence is a person's run of events that have no session_id and no silence of more than
-- 30 minutes between them. Runs are formed from all events of the range, whatever the filter keeps of them later.
select concat(person_id, '/', count(*) filter (where opens)
    over (partition by person_id order by "timestamp")) as sequence, *  -- events of one instant are peers
from (
    select
        *,
        coalesce(
            epoch_us("timestamp") - lag(epoch_us("timestamp")) over (partition by person_id order by "timestamp")
                > $silence_us,
            true
        ) as opens
    from events
    where coalesce(session_id, '') = '' and person_id is not null and {{part}} and {{persons}}
)
qualify {{filter}}
