"""The points of the protocol's checklist that the server around the engine decides, one test each, by number.

Points 45-53 (values), 64-72 (statements and metadata) belong to the engine, 75-77 to spooling, 79-80 to authentication.
"""
