"""The door out: a change lands on its branch, checked on the exact tree, or not at all."""
