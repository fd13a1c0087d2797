"""The interactive shell, on prompt_toolkit; nothing else imports that."""
