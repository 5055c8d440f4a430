. "$DATA/collection.sh"
publish
