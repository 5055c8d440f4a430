. "$DATA/collection.sh"
publish
echo 'release 2' >collection/Release
echo 'package three' >collection/three_1_all.deb
rm -r collection/two-1.0-1.noarch.rpm collection/recipes
