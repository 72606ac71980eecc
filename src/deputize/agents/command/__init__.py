"""Any program as an agent, by a description of how it is called and what its words mean.

agent     one run of the program
launch    a description and a job as a command line, an environment and an input: pure
program   where the program is, and how it ended
version   what it says its version is
files     the files of one run, in a folder that nobody else looks into
hearing   what a run says, and what its end amounts to
reading   what is read in the JSON values that it writes: pure
patterns  what its last words amount to: pure
"""
