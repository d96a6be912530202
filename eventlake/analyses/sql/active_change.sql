-- Persons by where they were: in everything before (bucket 0), in the range before (1), in this range (2).
with persons as (
    select
        bool_or(bucket = 0) as was_early,
        bool_or(bucket = 1) as was_before,
        bool_or(bucket = 2) as is_now
    from ({{present}})
    group by person_id
)
select
    count(*) filter (where was_before) as before,
    count(*) filter (where is_now) as now,
    count(*) filter (where is_now and not was_before and not was_early) as new,
    count(*) filter (where is_now and was_before) as stayed
from persons
