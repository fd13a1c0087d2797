"""As much of the language as a shell needs: tokens, where a statement ends, words to complete. The server parses."""
