-- Persons of today, and of yesterday up to the same time.
select
    'active',
    uniqExactIf(person_id, timestamp >= '{{today}}' and timestamp < '{{now}}'),
    uniqExactIf(person_id, timestamp >= '{{yesterday}}' and timestamp < '{{same_time}}')
from events
where timestamp >= '{{yesterday}}' and timestamp < '{{now}}'
