. "$DATA/collection.sh"
mkdir published
echo mine >published/index.html
publish
rm -r collection/two-1.0-1.noarch.rpm
