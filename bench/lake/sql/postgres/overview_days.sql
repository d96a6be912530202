-- Events and persons of each day of both ranges.
with persons as (
    select timestamp::date as day, person_id, count(*) as events from events where {{range}} group by 1, 2
)
select day, sum(events), count(*) from persons group by day
