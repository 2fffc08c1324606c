"""What others take for the same webhooks: a command, a flow editor, a library, and a handler of one's own."""
