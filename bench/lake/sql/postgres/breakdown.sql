-- Events a day for the ten most frequent values, and for all others together.
with cells as (
    select {{value}} as value, timestamp::date as bucket, count(*) as events
    from events
    where {{range}}
    group by 1, 2
),
ranked as (
    select value, dense_rank() over (order by sum(events) desc, value nulls last) as rank
    from cells
    group by value
)
select case when rank <= 10 then coalesce(cells.value, '(none)') else '$other' end as shown, bucket, sum(events)
from cells join ranked on cells.value is not distinct from ranked.value
group by grouping sets ((shown, bucket), (shown))
