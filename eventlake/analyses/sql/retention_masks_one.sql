-- One event starts and returns.
select bit_or(1::bigint << (bucket + 1)) as starts, starts as returns from started group by person_id
