-- Events of whole days of one zone.
select day, event_name, event_type, events, revenue
from {{rollups}}
where day between {{first}} and {{last}} and {{filter}}
