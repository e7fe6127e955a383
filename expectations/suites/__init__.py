"""What must hold of every table, a module a layer."""
