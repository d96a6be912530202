-- How many persons did it so many times, and the sum of their numbers.
select 'cohort', count(), sum(person_id)
from (select person_id from events where event_name = 'meetup_viewed' and {{range}} group by person_id having count() >= {{times}}) as members
