mkdir collection
echo package >collection/one_1_all.deb
