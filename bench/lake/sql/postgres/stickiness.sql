-- In how many weeks persons were there on so many days of it.
with active as (
    select distinct person_id, timestamp::date as day from events where {{range}}
),
weeks as (
    select count(*) as days from active group by person_id, date_trunc('week', day)
)
select days, count(*) from weeks group by days
