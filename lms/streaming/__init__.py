"""Live streams as people know them: to which services they go, which occurrences, how they fared, how many watched.

The stream itself lies behind `library.LiveLibrary`. How it is composed is known to `recordings`, not here.
"""
