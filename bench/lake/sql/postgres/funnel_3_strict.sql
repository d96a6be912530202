-- Persons who did the steps within seven days of an entry, with no other event in between.
with following as (
    select
        person_id,
        timestamp,
        event_name,
        lead(event_name, 1) over w as name_1,
        lead(timestamp, 1) over w as at_1,
        lead(event_name, 2) over w as name_2,
        lead(timestamp, 2) over w as at_2
    from events
    where {{range}}
    window w as (partition by person_id order by timestamp)
),
reached as (
    select max(case
        when name_1 is distinct from 'meetup_requested' or at_1 > timestamp + interval '7 days' then 1
        when name_2 is distinct from 'checkout_started' or at_2 > timestamp + interval '7 days' then 2
        else 3
    end) as level
    from following
    where event_name = 'meetup_viewed'
    group by person_id
)
select
    count(*) filter (where level >= 1),
    count(*) filter (where level >= 2),
    count(*) filter (where level >= 3)
from reached
