"""The memory of deputize: the only room that speaks SQL."""
