-- Events of the steps, with the day of the newest first step; one row an event.
select
    person_id,
    "timestamp",
    bucket,
    step,
    max(case when step = 1 then bucket end) over (
        partition by person_id order by "timestamp", step rows between unbounded preceding and current row
    ) as start_1
from (
    select
        person_id, "timestamp", {{bucket}} as bucket,
        list_position(cast($steps as varchar[]), event_name) as step
    from ({{tracks}})
    where person_id is not null and list_contains(cast($steps as varchar[]), event_name) and {{filter}}
)
