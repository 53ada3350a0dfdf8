"""Decisions without I/O: requests, the wire codec, the watch state machine, the store, rate limits, the overlay.

Nothing here opens a socket, starts a thread or reads a clock; so all of it is tested by values and properties.
"""
