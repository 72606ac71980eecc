"""Any agent that speaks the Agent Client Protocol, by command line.

agent         starting the program, holding the conversation, ending both
conversation  the calls of one run, from `initialize` to the answer of `session/prompt`
narration     what the agent tells while it works, in our words: pure
permission    a permission request as an action, and the answer to it: pure
wire          the only module that imports `acp`
"""
