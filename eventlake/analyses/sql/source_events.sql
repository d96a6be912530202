-- The relation that every analysis calls events: one half-open range of it.
select * from ({{rows}}) where "timestamp" >= $range_from and "timestamp" < $range_to
