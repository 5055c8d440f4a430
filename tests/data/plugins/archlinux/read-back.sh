python3 "$DATA/packages.py" back
