-- Events that a funnel looks at: person, microseconds since 1970, bits of the steps and exclusions that they match.
with events as not materialized ({{events}})
select person_id, epoch_us("timestamp") as at_us, {{bits}} as bits{{breakdown}}
from events
where person_id is not null and {{filter}}
