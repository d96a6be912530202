-- Members of each cohort by the periods after it in which they were there again; period -1 is the cohort's size.
select cohort, arrayJoin(arrayPushFront(arrayMap(active -> intDiv(active - cohort, {{days}}), later), -1)) as period, count()
from
(
    select arrayJoin({{cohorts}}) as cohort, arrayFilter(active -> active >= cohort, buckets) as later
    from
    (
        select groupUniqArray({{bucket}}) as buckets
        from events
        where {{range}} and event_name = '{{event}}'
        group by person_id
    )
)
where period < {{periods}}
group by cohort, period
