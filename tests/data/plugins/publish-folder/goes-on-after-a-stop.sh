. "$DATA/collection.sh"
mkdir published
echo mine >published/by-hash
publish
rm published/by-hash
touch published/.publish-folder-abc
