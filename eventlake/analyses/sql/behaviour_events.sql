-- Events of persons with the local time of each: microseconds since 1970, as the person's own clock shows them.
select events.*, epoch_us("timestamp") + {{offset}} as local_us
from ({{events}}) events{{own_offsets}}
where events.person_id is not null
