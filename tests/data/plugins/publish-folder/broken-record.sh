. "$DATA/collection.sh"
mkdir published
echo '[]' >published/.publish-folder.json
