# A repository with two releases and commits after them.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=One GIT_AUTHOR_EMAIL=one@example.org GIT_AUTHOR_DATE='2026-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=One GIT_COMMITTER_EMAIL=one@example.org
export GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
commit() { git -C "$1" commit -q --allow-empty --cleanup=verbatim -m "$2"; }
mkdir repository
git -C repository init -q -b main
