"""The verb `check`: whether an agent's program works here, and obeys the gate.

checking    the verb, and what it keeps
subject     what is checked: an agent as it is set up here, and its login or provider
conducting  the check under way
ledger      its steps, in order
trials      canary and small task, and how they are judged: pure
document    a check as JSON
"""
