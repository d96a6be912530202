-- The most frequent values of a property of one event.
select {{value}} as value, count() as events
from events
where event_name = 'page_view' and {{range}} and {{value}} is not null
group by value
order by events desc, value
limit 50
