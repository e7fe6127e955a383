"""The soak: random steps on a small lake, and what a plain reader and exact rules say of it after each.

    records    what one record of a raw file says, and what must become of it
    corpus     records drawn by lot, with planted copies, near-copies, opposites and faults
    shapes     raw files in several shapes, and where in them each record lies
    world      the model: which files are registered, and the rows that reading them has to give
    rules      what a copy is, word by word
    promises   what must hold of the tables, each broken promise a sentence
    commands   mixlake from outside: commands in this process, runs in processes of their own, tables
    steps      what may happen to a lake
    walk       steps drawn by a seed, checked one by one, and their log

Nothing here asks the product what a file holds, what a copy is or how many rows there must be: the files are written here, and so
are the rules. benchmarks/soak.py runs many steps, tests/soak a few.
"""
