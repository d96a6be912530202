-- Persons of each bucket: new, returning, resurrecting, and minus those who were in the bucket before and stayed away.
select
    bucket,
    new,
    stayed,
    resurrecting,
    stayed - lagInFrame(new + stayed + resurrecting) over (order by bucket rows between 1 preceding and current row)
from
(
    select
        bucket,
        toInt64(countIf(place = 1)) as new,
        toInt64(countIf(place > 1 and buckets[place - 1] = bucket - {{days}})) as stayed,
        toInt64(countIf(place > 1 and buckets[place - 1] < bucket - {{days}})) as resurrecting
    from
    (
        select arraySort(groupUniqArray({{bucket}})) as buckets
        from events
        where {{range}}
        group by person_id
    )
    array join buckets as bucket, arrayEnumerate(buckets) as place
    group by bucket
)
