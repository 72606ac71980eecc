"""Any program as an agent, by a description of how it is called and what its words mean."""
