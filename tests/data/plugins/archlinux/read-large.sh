python3 "$DATA/packages.py" large
