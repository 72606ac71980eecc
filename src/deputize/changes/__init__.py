"""Change requests: read, held against the rules, and carried out on a commit.

shape      which fields there are, and which go with which operation
schema     the same as a JSON Schema
reading    a request out of a document, or an error that names operation and field
paths      which paths may be named: pure
patches    unified diffs taken apart, so that no name in them counts: pure
agreement  whether the operations of a request go together: pure
carrying   a request carried out on its base, to a tree
answers    a request as an agent's answer: how it is asked for and found
"""
