-- What a measure looks at.
select {{bucket}} as bucket, {{breakdown}} as breakdown, person_id, {{value}} as value
from {{relation}}
where {{filter}}
