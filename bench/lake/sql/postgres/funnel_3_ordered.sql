-- Persons who reached each step within seven days of an entry. Of the entries that reached a step the newest is the best
-- one for the next step, so that each step needs to know no other.
with step_1 as (
    select *, max(timestamp) filter (where event_name = 'meetup_viewed') over w as entry_1
    from (
        select person_id, timestamp, event_name
        from events
        where {{range}} and event_name in ('meetup_viewed', 'meetup_requested', 'payment_succeeded')
    ) as rows
    window w as (partition by person_id order by timestamp)
),
step_2 as (
    select
        *,
        max(entry_1) filter (
            where event_name = 'meetup_requested' and entry_1 >= timestamp - interval '7 days'
        ) over w as entry_2
    from step_1
    window w as (partition by person_id order by timestamp)
),
step_3 as (
    select
        *,
        max(entry_2) filter (
            where event_name = 'payment_succeeded' and entry_2 >= timestamp - interval '7 days'
        ) over w as entry_3
    from step_2
    window w as (partition by person_id order by timestamp)
),
reached as (
    select max(entry_1) as entry_1, max(entry_2) as entry_2, max(entry_3) as entry_3
    from step_3
    group by person_id
)
select count(entry_1), count(entry_2), count(entry_3) from reached
