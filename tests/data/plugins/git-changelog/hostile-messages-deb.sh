. "$DATA/hostile-messages.sh"
