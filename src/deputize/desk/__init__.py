"""The front desk: the verbs that every surface says, and the facts that it shows."""
