-- Persons who did the first steps in any order within seven days: looking back from every event at the newest of each.
with newest as (
    select
        person_id,
        timestamp,
        max(timestamp) filter (where event_name = 'page_view') over w as at_1,
        max(timestamp) filter (where event_name = 'meetup_viewed') over w as at_2,
        max(timestamp) filter (where event_name = 'meetup_requested') over w as at_3,
        max(timestamp) filter (where event_name = 'payment_succeeded') over w as at_4
    from events
    where {{range}} and event_name in ('page_view', 'meetup_viewed', 'meetup_requested', 'payment_succeeded')
    window w as (partition by person_id order by timestamp)
),
reached as (
    select max(case
        when at_1 >= timestamp - interval '7 days' and at_2 >= timestamp - interval '7 days' and at_3 >= timestamp - interval '7 days' and at_4 >= timestamp - interval '7 days' then 4
        when at_1 >= timestamp - interval '7 days' and at_2 >= timestamp - interval '7 days' and at_3 >= timestamp - interval '7 days' then 3
        when at_1 >= timestamp - interval '7 days' and at_2 >= timestamp - interval '7 days' then 2
        when at_1 >= timestamp - interval '7 days' then 1
        else 0
    end) as level
    from newest
    group by person_id
)
select
    count(*) filter (where level >= 1),
    count(*) filter (where level >= 2),
    count(*) filter (where level >= 3),
    count(*) filter (where level >= 4)
from reached
