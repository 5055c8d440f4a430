. "$DATA/history.sh"
git -C repository tag -d v2.9 >&2
