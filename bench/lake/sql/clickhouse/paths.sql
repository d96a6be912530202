-- Which event follows which in the first five steps of a session; the same event in a row is one step.
select step, steps[step] as source, steps[step + 1] as target, uniqExact(person), count() as sessions
from
(
    select
        min(person_id) as person,
        arraySlice(arrayCompact(arrayMap(item -> item.2, arraySort(groupArray((timestamp, event_name))))), 1, 5) as steps
    from
    (
        select session_id as key, person_id, timestamp, event_name from events where {{range}} and session_id != ''
        union all
        select concat(toString(person_id), '/', toString(run)), person_id, timestamp, event_name
        from ({{runs}})
    )
    group by key
)
array join range(1, length(steps)) as step
group by step, source, target
order by sessions desc, step, source, target
limit 50
