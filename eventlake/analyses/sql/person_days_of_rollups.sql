-- Persons of whole days of one zone.
select day, person_id, events, has_converted
from {{rollups}}
where {{named}} and day between {{first}} and {{last}} and {{kept}}
