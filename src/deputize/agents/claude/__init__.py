"""Claude Code, through the lines of JSON that it speaks with whoever embeds it.

agent         starting the program, seeing one prompt through, ending everything
find          where the program is
login         its arguments and environment: whose model it uses, and what it leaves alone: pure
conversation  one prompt over the program's input and output
control       what it asks for before each tool call, and the answers: pure
narration     what it tells in our words: pure
ledger        what the model's work came to, each of it told once: pure
ending        what its last message amounts to: pure
"""
