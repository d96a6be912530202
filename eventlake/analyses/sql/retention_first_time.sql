-- Everybody in the period of their first start event ever, if it lies in the range.
select person_id, min(bucket) as bucket from starts group by person_id having min(bucket) >= 0
