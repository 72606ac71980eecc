"""Programs of agents that serve several attempts of one worker, one after another and at once.

book   who uses which, who may join, and which have to go: pure
key    what tells programs apart
pool   starting, lending, tending and ending them
"""
