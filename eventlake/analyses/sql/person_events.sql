-- The newest events of one person before a place, with all columns that a reader may see.
select {{columns}}
from ({{events}})
where
    "timestamp" >= $from_at and "timestamp" < $to_at
    and ("timestamp" < $before_at or ("timestamp" = $before_at and id < $before_id))
    and {{named}}
order by "timestamp" desc, id desc
limit $rows
