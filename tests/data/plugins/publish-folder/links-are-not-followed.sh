. "$DATA/collection.sh"
ln -s /etc/passwd collection/passwd
ln -s /etc collection/etc
mkdir published elsewhere
echo mine >elsewhere/Release
ln -s ../elsewhere/Release published/Release
