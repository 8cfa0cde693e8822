"""Finds what makes a test suite weaker than it was at a commit. No model is asked, nothing is run.

`guard.weakenings` holds two moments of a repository against each other. What was weak from the
beginning is no finding here: that is a matter for the audit.

What is caught, by the rule of the finding:

- `tests-removed`, `tests-weakened`, `tests-held-back`, `expectation-changed`: tests that are gone,
  assert less, are skipped, focused away, expected to fail or cut off, or want another value. Python
  (pytest, unittest), JavaScript and TypeScript (jest, vitest, mocha and what is written like them),
  Go and Rust are parsed; of other languages the lines that assert or skip are counted.
- `runner-narrowed`, `coverage-lowered`, `pipeline-weakened`: settings of runners and of coverage,
  marks that keep code out of coverage, CI files, make files, hooks and scripts of manifests.
- `snapshots-rewritten`: recordings that were replaced by what the code gives.
- `test-run-rigged`: hooks, patches and exits that decide how a run ends, replaced runners and
  subjects, code that asks whether it is tested.
- `module-shadowed`: files that are loaded in the place of a library or of the file meant.
- `answer-known-by-heart`, `check-edited`: literals that answer a check or a test, and changes of
  the scripts that checks run.

A test may move, change its name, be split or become a row of a table: what it says then turns up
elsewhere, and as much is asserted (`compare`). A plan allows what follows from it (`permission`).

What is not caught: an assertion replaced by one as strong that wants something easier; a weak test
in the place of a test whose words it repeats; a subject replaced inside a single test; what a
program does to the machine that runs the tests; recordings in formats nobody names so; runners
that are started by a script in a language that is not read here. Red before, green after and the
probe of what the checks depend on are there for these.
"""
