"""Any agent that speaks the Agent Client Protocol, by command line.

agent         starting the program, holding the conversation, ending both
conversation  the calls of one run, from `initialize` to the end of what the prompt asks for
opening       what versions 1 and 2 of the protocol say differently before there is a prompt: pure
turn          one prompt, and when its work is over
narration     what the agent tells while it works, in our words: pure
words         what it says since its last tool call, message by message: pure
terminals     what its commands print in terminals that it shows: pure
permission    a permission request as an action, and the answer to it: pure
wire          the only module that imports `acp`
"""
