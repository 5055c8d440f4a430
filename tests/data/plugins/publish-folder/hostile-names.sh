. "$DATA/collection.sh"
touch 'collection/%(touch x).deb' "collection/$(printf 'a\nb').deb" 'collection/-rf.deb'
