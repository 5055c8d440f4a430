mkdir collection
echo package >collection/one_1_all.deb
printf 'one:s3cret\nX-Header: y\n' >secret
chmod 600 secret
