-- Persons who live in a zone of their own.
left join person_offsets
    on person_offsets.person_id = events.person_id
    and epoch_us(events."timestamp") >= person_offsets.from_us
    and epoch_us(events."timestamp") < person_offsets.to_us
