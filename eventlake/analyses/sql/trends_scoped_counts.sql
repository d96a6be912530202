-- How often each value occurs in each bucket: all that a count looks at.
select {{bucket}} as bucket, {{breakdown}} as breakdown, count(*) as events
from {{relation}}
where {{filter}}
group by all
