"""A person's own hooks: programs and addresses that have a say in agents' sessions.

documents   what a hook is given: pure
answers     what it says, read strictly: pure
reply       what came back of a call: a value
deciding    what hooks make of a tool call
calling     a hook, called within its time
command     one that is a program
http        one that is an address
"""
