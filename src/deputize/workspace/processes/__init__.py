"""Starting programs, knowing their processes again, and ending every one of them.

entry        what is known of one process
table        every process of this machine: `procfs` on Linux, `portable` elsewhere
identity     which process is meant, surviving the reuse of its number
environment  the scrubbed environment, and the markers by which strays are found
containment  the PID namespace, where the system allows one
tree         which processes belong to an attempt
ending       ending them all, blocking
program      starting and running one program, async
detached     starting the background worker
reaper       adopting and ending orphans
"""
