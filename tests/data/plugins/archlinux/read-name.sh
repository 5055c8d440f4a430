python3 "$DATA/packages.py" name
