. "$DATA/collection.sh"
mkdir published
echo release >published/Release
