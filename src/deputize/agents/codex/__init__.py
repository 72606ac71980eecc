"""OpenAI's Codex, one `codex exec --json` for each prompt; its own sandbox denies.

agent       one prompt: in the session that was asked for, else in a new one
find        where the program is
hearing     one run of the program, and what its end amounts to
launch      the command line and the environment of one run: pure
limits      when a limit ends, by the program's words and by its log: pure
narration   what its lines tell, in our words: pure
told        what was told of a thread's usage, which the program only counts up
"""
