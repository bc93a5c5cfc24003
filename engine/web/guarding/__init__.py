"""Who may ask, and how much: tokens and roles, hosts and origins, sizes, rates and times."""
