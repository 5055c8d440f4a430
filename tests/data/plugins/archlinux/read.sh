python3 "$DATA/packages.py" good
