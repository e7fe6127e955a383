"""The contracts of mixlake: tables, stages, the store and the harness. Imports none of the other packages."""
