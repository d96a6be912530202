-- The most viewed pages.
with pages as (
    select page_path, person_id, count(*) as views
    from events
    where timestamp >= '{{middle}}' and {{range}} and event_type = 'page_view' and page_path <> ''
    group by 1, 2
)
select page_path, sum(views) as views, count(*)
from pages
group by page_path
order by views desc, page_path
limit 10
