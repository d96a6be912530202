-- A percentile of numbers a day and of the whole range.
select timestamp::date as bucket, percentile_cont(0.9) within group (order by {{value}})
from events
where {{range}}
group by grouping sets ((bucket), ())
