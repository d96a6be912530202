-- Persons with so many events.
select person_id as member_id
from ({{present}})
group by person_id
having sum(events) between $at_least and $at_most
