-- One part a month.
optimize table events final
