-- The values that another series, or the period itself, has settled on.
select unnest(cast($kept_values as varchar[])) as breakdown, unnest(range(1, len($kept_values) + 1)) as slot
