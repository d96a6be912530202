-- A measure of how many: a row a bucket, and one with a null bucket for the whole range, over which persons are
-- distinct.
with present as materialized ({{present}})
select null as slot, null as breakdown, bucket, {{measure}} as value from present group by bucket
union all
select null, null, null, {{measure}} from (select sum(events) as events from present group by person_id)
