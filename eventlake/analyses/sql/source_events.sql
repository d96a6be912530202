-- The relation that every analysis calls events: one half-open range of it.
select * from ({{rows}}) where "timestamp" >= {{from_at}} and "timestamp" < {{to_at}}
