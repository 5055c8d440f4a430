mkdir collection
