-- Persons of today, and of yesterday up to the same time.
select
    'active',
    count(distinct person_id) filter (where timestamp >= '{{today}}'),
    count(distinct person_id) filter (where timestamp < '{{same_time}}')
from events
where timestamp >= '{{yesterday}}' and timestamp < '{{now}}'
