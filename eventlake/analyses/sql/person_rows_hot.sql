-- Hot rows of some nodes.
select * exclude (day) from hot where {{nodes}}
