python3 "$DATA/packages.py" absolute
