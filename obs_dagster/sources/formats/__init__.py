"""How the files of each format are read: one module each, which turns files into parts of like columns.

A module of this package that has a `FORMAT` is a format that monitors can name.
"""
