-- How many persons were there on how many days of a period: rows days, persons.
select days, count(*) as persons
from (
    select person_id, cast($periods as integer[])[bucket + 1] as period, count(*) as days
    from ({{present}})
    group by all
)
group by days
