-- How many days usually lie between two active days of a person.
select median(gap)
from (
    select day - lag(day) over (partition by person_id order by day) as gap
    from (select distinct person_id, day from ({{days}}))
)
where gap is not null
