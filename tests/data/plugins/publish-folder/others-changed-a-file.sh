. "$DATA/collection.sh"
publish
echo mine >published/Release
echo mine >published/two-1.0-1.noarch.rpm
rm collection/two-1.0-1.noarch.rpm
