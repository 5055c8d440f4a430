. "$DATA/collection.sh"
touch collection.txt
