-- Rows above the watermark. Last in the union, and always there, so that files older than a column still have it.
select * exclude (day){{properties}} from hot
