-- Sessions a day: those with an id, and runs of events without a silence of half an hour.
with cells as (
    select distinct timestamp::date as bucket, session_id as key
    from events
    where {{range}} and session_id <> ''
    union all
    select distinct timestamp::date, person_id || '/' || run
    from ({{runs}}) as runs
)
select bucket, count(*) from cells group by bucket
union all
select null, count(*) from (select distinct key from cells) as sessions
