-- Sequences that have an event.
sequence in (select sequence from places where code = {{code}})
