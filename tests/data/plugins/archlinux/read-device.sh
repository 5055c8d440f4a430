python3 "$DATA/packages.py" device
