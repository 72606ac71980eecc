"""GitHub Copilot, through its official SDK.

agent       which runtime, and what sees a prompt through in it
find        where the runtime is
run         one prompt in a runtime of its own, from its start until its last process is gone
login       which token, or which provider of one's own, a session uses: pure
probe       what the runtime says of itself before any session
shared      one prompt in a runtime that serves several attempts
narration   the session's events in our words: pure
stored      whose login Copilot has stored on this machine
reading     how far the SDK reads ahead of those who listen
permission  how a session asks before each tool call
sdk         the runtime and its sessions; only this, `reading` and `permission` import `copilot`
"""
