python3 "$DATA/packages.py" version
