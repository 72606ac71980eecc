"""Any agent that speaks the Agent Client Protocol, by command line.

agent         the program that is meant, and whether it is one's own or shared
alone         one prompt to a program that is started for it
shared        one prompt to a program that others speak with too
hosted        such a program: started, lent by a pool, and ended
hearing       a program that is spoken with, and watched meanwhile
exchange      which session's messages go to which conversation
conversation  the calls of one run, from its session to the end of what the prompt asks for
opening       what versions 1 and 2 of the protocol say differently before there is a prompt: pure
turn          one prompt, and when its work is over
narration     what the agent tells while it works, in our words: pure
calls         the tool calls that it tells of, and how much of each is kept: pure
words         what it says since its last tool call, message by message: pure
terminals     what its commands print in terminals that it shows: pure
permission    a permission request as an action, and the answer to it: pure
names         what it calls its sessions, messages, tool calls and terminals: pure
wire          the only module that imports `acp`
"""
