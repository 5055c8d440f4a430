. "$DATA/history.sh"
