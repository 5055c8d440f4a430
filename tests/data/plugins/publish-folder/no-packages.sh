. "$DATA/collection.sh"
publish
rm collection/*.deb collection/*.rpm
