# A history with two releases and a commit after them.
. "$DATA/repository.sh"
commit repository 'Begin'
commit repository 'Write the parser'
git -C repository tag v2.9
commit repository 'Read faster'
commit repository 'Fix the end of a file that has no line break at its end, and whose last line is long'
git -C repository tag v2.10
commit repository 'After the release'
