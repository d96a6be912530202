-- Which event follows which in the first five steps of a session; the same event in a row is one step.
with rows as (
    select session_id as key, person_id, timestamp, event_name from events where {{range}} and session_id <> ''
    union all
    select person_id || '/' || run, person_id, timestamp, event_name from ({{runs}}) as runs
),
changes as (
    select
        *,
        min(person_id) over (partition by key) as person,
        lag(event_name) over (partition by key order by timestamp, event_name) as before
    from rows
),
steps as (
    select
        person,
        event_name as source,
        lead(event_name) over (partition by key order by timestamp, event_name) as target,
        row_number() over (partition by key order by timestamp, event_name) as step
    from changes
    where before is distinct from event_name
)
select step, source, target, count(distinct person), count(*) as sessions
from steps
where step < 5 and target is not null
group by step, source, target
order by sessions desc, step, source, target
limit 50
