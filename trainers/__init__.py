"""Training the distiller, choosing the one that serves, and measuring what a released set is worth."""
