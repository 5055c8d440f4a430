. "$DATA/collection.sh"
mkdir published
echo mine >published/by-hash
