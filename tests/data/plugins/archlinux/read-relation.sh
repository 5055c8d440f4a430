python3 "$DATA/packages.py" relation
