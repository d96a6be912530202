-- In how many weeks persons were there on so many days of it.
select days, count()
from
(
    select toMonday(day) as week, count() as days
    from (select person_id, toDate(timestamp) as day from events where {{range}} group by person_id, day)
    group by person_id, week
)
group by days
