-- One step further: the day on which the newest chain that has come so far began.
select
    *,
    max(case when step = {{step}} then {{before}} end) over (
        partition by person_id order by "timestamp", step rows between unbounded preceding and current row
    ) as {{start}}
from ({{rows}})
