-- The most viewed pages, by path; the path decides between equals.
with events as not materialized ({{events}}),
viewed as materialized (
    select page_path, count(*) as views
    from events
    where event_type = 'page_view' and page_path <> '' and {{filter}}
    group by page_path
    order by views desc, page_path
    limit $top
),
reached as (
    select page_path, count(distinct person_id) as persons
    from events
    where event_type = 'page_view' and page_path in (select page_path from viewed) and {{filter}}
    group by page_path
)
select page_path, views, coalesce(persons, 0) as persons
from viewed left join reached using (page_path)
order by views desc, page_path
