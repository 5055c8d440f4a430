mkdir collection
echo package >collection/one_1_all.deb
echo s3cret >secret
chmod 600 secret
