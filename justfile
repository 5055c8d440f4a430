# The unit tests and the command line's tests: no root, about a minute once built.
test:
    WITHOUT_TOOLS=1 cargo test --locked --lib --test it

# All tests, with the distributions' tools (installed on Debian): a missing tool is a failure.
test-system:
    tests/run

# What a change must pass.
gate:
    .ci/run
