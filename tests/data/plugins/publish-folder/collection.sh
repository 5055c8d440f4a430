# A collection as `build` leaves one, of texts.
umask 022
mkdir -p collection/by-hash/SHA256 collection/repodata collection/recipes/one collection/.pypi2pkg
cd collection
echo 'package one' >one_1.0-1_all.deb
echo 'package two' >two-1.0-1.noarch.rpm
echo 'list' >Packages
echo 'list' >by-hash/SHA256/abc
echo 'release' >Release
echo 'pointer' >repodata/repomd.xml
echo '{}' >collection.json
echo 'postinst' >recipes/one/postinst
chmod 755 recipes/one/postinst
chmod 600 Packages
echo 'state' >.pypi2pkg/state
: >.pypi2pkg.lock
cd ..
# What `publish FOLDER` did before.
publish() {
    printf '{"collection": "%s", "settings": {"folder": "%s"}}' "$PWD/collection" "$PWD/published" |
        "$PLUGIN/publish-folder" >>log
}
