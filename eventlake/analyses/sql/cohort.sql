-- Persons with so many events that match.
select person_id as member_id
from ({{events}})
where person_id is not null and {{filter}}
group by person_id
having count(*) >= $at_least and count(*) <= $at_most
