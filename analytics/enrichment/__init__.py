"""What an event means, by its name and type alone: quick rules, for the pipeline and for batches alike."""
