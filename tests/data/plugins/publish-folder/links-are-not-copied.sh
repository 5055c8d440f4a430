. "$DATA/collection.sh"
ln -s /etc/passwd collection/passwd
ln -s /etc collection/etc
