"""The statement protocol without sockets: what to ask next, what an answer means, when to ask again."""
