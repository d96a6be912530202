-- Distinct persons a bucket and of the whole range. DISTINCT is hashed, count(distinct) would sort.
with cells as (
    select distinct {{bucket}} as bucket, person_id
    from events
    where {{range}} and {{filter}}
)
select bucket, count(*) from cells group by bucket
union all
select null, count(*) from (select distinct person_id from cells) as persons
