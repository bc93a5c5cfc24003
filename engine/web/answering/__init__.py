"""What is answered: events, read models, topics, schemas, health."""
