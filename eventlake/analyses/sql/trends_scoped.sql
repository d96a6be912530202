-- What a measure looks at.
select {{bucket}} as bucket, {{breakdown}} as breakdown, {{columns}}
from {{relation}}
where {{filter}}
