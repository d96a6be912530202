-- The most frequent values of each person, the first one the most frequent, and how many different ones there are.
select
    person_id,
    list(value order by place) filter (where place <= $limit) as favourites,
    count(*) as different
from (
    select *, row_number() over (partition by person_id order by events desc, value) as place
    from (
        select person_id, {{value}} as value, count(*) as events
        from ({{events}})
        where {{value}} is not null
        group by all
    )
)
group by person_id
