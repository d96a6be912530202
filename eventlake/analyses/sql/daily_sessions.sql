-- Sessions and the sum of their lengths by the local day on which they began, in days since 1970.
with pieces as materialized ({{pieces}}),
sessions as (
    select min(day) as day, max(last_us) - min(first_us) as length_us
    from pieces
    where session_high is not null
    group by session_high, session_low
    union all
    select min(day), max(last_us) - min(first_us) from ({{runs}}) group by person_id, run
)
select day, count(*) as sessions, cast(sum(length_us) as bigint) as length_us from sessions group by day
