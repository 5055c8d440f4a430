python3 "$DATA/packages.py" two-names
