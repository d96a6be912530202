-- Persons who reached each step within seven days of an entry.
select countIf(level >= 1), countIf(level >= 2), countIf(level >= 3)
from
(
    select windowFunnel(604800000000)(
        toUInt64(toUnixTimestamp64Micro(timestamp)),
        event_name = 'meetup_viewed',
        event_name = 'meetup_requested',
        event_name = 'payment_succeeded'
    ) as level
    from events
    where {{range}} and event_name in ('meetup_viewed', 'meetup_requested', 'payment_succeeded')
    group by person_id
)
