"""Telling others what happened: the outbox and its channels."""
