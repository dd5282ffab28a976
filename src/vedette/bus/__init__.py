"""Topics and links between processes, and the outbox that makes events durable."""
