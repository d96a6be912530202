-- Persons who did the steps within seven days of an entry, with no other event in between.
select countIf(level >= 1), countIf(level >= 2), countIf(level >= 3)
from
(
    select max(multiIf(
        name_1 != 'meetup_requested' or at_1 > timestamp + interval 7 day, 1,
        name_2 != 'checkout_started' or at_2 > timestamp + interval 7 day, 2,
        3
    )) as level
    from
    (
        select
            person_id,
            timestamp,
            event_name,
            leadInFrame(event_name, 1) over w as name_1,
            leadInFrame(timestamp, 1) over w as at_1,
            leadInFrame(event_name, 2) over w as name_2,
            leadInFrame(timestamp, 2) over w as at_2
        from events
        where {{range}}
        window w as (partition by person_id order by timestamp rows between current row and 2 following)
    )
    where event_name = 'meetup_viewed'
    group by person_id
)
