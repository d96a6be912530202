-- Events and persons of each day of both ranges.
select toDate(timestamp) as day, count(), uniqExact(person_id) from events where {{range}} group by day
