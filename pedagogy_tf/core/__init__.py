"""The core: errors, types, graph, ops, engine, training."""
