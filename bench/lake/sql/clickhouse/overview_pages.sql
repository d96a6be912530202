-- The most viewed pages.
select page_path, count() as views, uniqExact(person_id)
from events
where timestamp >= '{{middle}}' and {{range}} and event_type = 'page_view' and page_path != ''
group by page_path
order by views desc, page_path
limit 10
