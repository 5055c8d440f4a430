python3 "$DATA/packages.py" section
