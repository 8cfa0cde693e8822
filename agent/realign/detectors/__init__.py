"""Reality checks on finished work, one module each, all on the syntax tree."""
