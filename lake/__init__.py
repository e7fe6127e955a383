"""The lake itself: tables, storage, the harness that runs stages, landing, books, the command line. Imports none of the other packages."""
