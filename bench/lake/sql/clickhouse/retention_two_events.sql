-- First views of a meetup by week, and the weeks in which those persons asked for a place at or after it.
select cohort, arrayJoin(arrayPushFront(arrayMap(week -> intDiv(week - cohort, 7), weeks), -1)) as period, count()
from
(
    select
        toMonday(started) as cohort,
        arrayDistinct(arrayMap(at -> toMonday(at), arrayFilter(at -> at >= started, returned))) as weeks
    from
    (
        select
            minIf(timestamp, event_name = 'meetup_viewed') as started,
            groupArrayIf(timestamp, event_name = 'meetup_requested') as returned
        from events
        where {{range}} and event_name in ('meetup_viewed', 'meetup_requested')
        group by person_id
        having countIf(event_name = 'meetup_viewed') > 0
    )
)
where period < 8
group by cohort, period
