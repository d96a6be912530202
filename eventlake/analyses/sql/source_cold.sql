-- Sealed rows: exactly the files of one snapshot that the range can touch.
select *{{person}}{{properties}} from {{files}}
