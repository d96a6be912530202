-- The most viewed pages, by path; the path decides between equals.
with events as not materialized ({{events}})
select page_path, count(*) as views, count(distinct person_id) as persons
from events
where event_type = 'page_view' and page_path <> '' and {{filter}}
group by page_path
order by views desc, page_path
limit $top
