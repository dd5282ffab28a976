"""Who may do what: users, tokens, roles and the one policy."""
