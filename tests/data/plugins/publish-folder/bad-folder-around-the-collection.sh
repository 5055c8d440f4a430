. "$DATA/collection.sh"
