-- The most frequent values of a property that contain a text.
select {{value}} as value, count(*) as events
from ({{events}})
where {{filter}} and {{value}} is not null
group by value
order by events desc, value
limit $rows
