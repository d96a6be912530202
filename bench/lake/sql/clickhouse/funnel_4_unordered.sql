-- Persons who did the first steps in any order within seven days: looking back from every event at the newest of each.
select countIf(level >= 1), countIf(level >= 2), countIf(level >= 3), countIf(level >= 4)
from
(
    select max(multiIf(
        least(at_1, at_2, at_3, at_4) >= timestamp - interval 7 day, 4,
        least(at_1, at_2, at_3) >= timestamp - interval 7 day, 3,
        least(at_1, at_2) >= timestamp - interval 7 day, 2,
        at_1 >= timestamp - interval 7 day, 1,
        0
    )) as level
    from
    (
        select
            person_id,
            timestamp,
            maxIf(timestamp, event_name = 'page_view') over w as at_1,
            maxIf(timestamp, event_name = 'meetup_viewed') over w as at_2,
            maxIf(timestamp, event_name = 'meetup_requested') over w as at_3,
            maxIf(timestamp, event_name = 'payment_succeeded') over w as at_4
        from events
        where {{range}} and event_name in ('page_view', 'meetup_viewed', 'meetup_requested', 'payment_succeeded')
        window w as (partition by person_id order by timestamp rows between unbounded preceding and current row)
    )
    group by person_id
)
