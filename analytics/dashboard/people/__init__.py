"""The pages of people: the list, one person with what they did and who they are, and the acts on a person."""
