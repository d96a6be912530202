-- Sessions a day: those with an id, and runs of events without a silence of half an hour.
select bucket, uniqExact(key) as value
from
(
    select toDate(timestamp) as bucket, session_id as key
    from events
    where {{range}} and session_id != ''
    union all
    select toDate(timestamp) as bucket, concat(toString(person_id), '/', toString(run)) as key
    from ({{runs}})
)
group by bucket with totals
